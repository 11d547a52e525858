/**
 * The file that says which content of a dataset's other files counts.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import {
  formatOf,
  Keep,
  type Keeps,
  latestFormat,
  type RowTable,
  rowTablesOf,
  type StorageError
} from "@letterboxd-ratings/core"
import { type DateTime, Effect, Option, ParseResult, Schema } from "effect"
import { type FileEntry, highestNumber, InnerName, nextName } from "./FileEntry.ts"
import type { FolderFailures } from "./FolderFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/**
 * The name of the file that says what is committed.
 *
 * @since 0.1.0
 * @category models
 */
export const manifestName = "manifest.json"

/**
 * A file that is written with a commit and whose content the manifest does not vouch for. `swap` is what takes its
 * place.
 *
 * @since 0.1.0
 * @category models
 */
export const CopyEntry = Schema.Struct({ name: InnerName, swap: InnerName })

/**
 * @since 0.1.0
 * @category models
 */
export interface CopyEntry extends Schema.Schema.Type<typeof CopyEntry> {}

/**
 * What every manifest says, whatever files it names: the format, what the dataset keeps (nothing where it does not
 * say), the number of its last batch, when that was committed, and how many user ids it skips. `copies` and `removed`
 * are what the last batch wrote without vouching for it, and what it took away.
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderManifest {
  readonly format: number
  readonly keeps?: ReadonlyArray<Keep>
  readonly batches: number
  readonly committedAt: DateTime.Utc
  readonly idGaps: number
  readonly copies?: ReadonlyArray<CopyEntry>
  readonly removed?: ReadonlyArray<string>
}

/**
 * When a manifest was committed; nothing where it is that of an empty folder.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lastCommit = ({ batches, committedAt }: FolderManifest): { readonly committedAt?: DateTime.Utc } =>
  batches === 0 ? {} : { committedAt }

/**
 * The schemas of the fields of a manifest that tell in which form a dataset is.
 *
 * @since 0.1.0
 * @category models
 */
export const formatFields = {
  format: Schema.Int.pipe(Schema.between(1, latestFormat)),
  keeps: Schema.optionalWith(Schema.NonEmptyArray(Keep), { exact: true })
}

/**
 * The schemas of the numbers that every manifest tells.
 *
 * @since 0.1.0
 * @category models
 */
export const countFields = {
  batches: Schema.NonNegativeInt.pipe(Schema.lessThanOrEqualTo(highestNumber)),
  idGaps: Schema.NonNegativeInt.pipe(Schema.lessThanOrEqualTo(highestNumber))
}

/** So much of what is wrong with a manifest is shown. */
const mostShown = 200

const firstLine = (text: string): string => {
  const [line = ""] = text.split("\n")
  return line.length > mostShown ? `${line.slice(0, mostShown)}...` : line
}

/**
 * How the manifest of a schema is read, with a short sentence about what is wrong first, and how it is written.
 *
 * @since 0.1.0
 * @category constructors
 */
export const manifestText = <M, I>(
  schema: Schema.Schema<M, I>
): {
  readonly decode: (text: string) => Effect.Effect<M, { readonly message: string }>
  readonly encode: (manifest: M) => Effect.Effect<string, { readonly message: string }>
} => {
  const text = Schema.parseJson(schema, { space: 2 })
  const decode = Schema.decodeUnknown(text)
  const encode = Schema.encode(text)
  return {
    decode: (content) =>
      Effect.mapError(decode(content), (error) => {
        const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
        const where = issue === undefined ? "" : issue.path.map(String).join(".")
        return { message: firstLine(`${where}${where === "" ? "" : " "}${issue?.message ?? error.message}`) }
      }),
    encode: (manifest) => Effect.mapError(encode(manifest), ({ message }) => ({ message: firstLine(message) }))
  }
}

/**
 * These fields, of a dataset that keeps so much.
 *
 * @since 0.1.0
 * @category constructors
 */
export const formatFieldsOf = (keeps: Keeps): { readonly format: number; readonly keeps?: [Keep, ...Array<Keep>] } => {
  const [first, ...more] = Keep.literals.filter((keep) => keeps.has(keep))
  return { format: formatOf(keeps), ...(first === undefined ? {} : { keeps: [first, ...more] }) }
}

/**
 * What a dataset keeps, by its manifest.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keepsIn = ({ keeps }: Pick<FolderManifest, "keeps">): Keeps => new Set(keeps)

/**
 * How a storage keeps a dataset in a folder: its name, its failures, the text of its manifest, and the files that one
 * vouches for. `subfolders` are those in which it writes besides the folder itself. `isOurs` tells the names (from the
 * folder on) of files that a commit may write; those that a manifest names count as such anyway. `mayName` tells the
 * names that a manifest may give to a file it vouches for, to one it does not vouch for, and to one that goes away: a
 * manifest may have been changed, and what it names is written over, renamed and removed. `rowTables` are the tables of
 * rows of which a manifest names files; without it, they are not compared with what the dataset keeps.
 *
 * @since 0.1.0
 * @category models
 */
export interface FolderForm<M extends FolderManifest> {
  readonly storage: string
  readonly failures: FolderFailures
  readonly decode: (text: string) => Effect.Effect<M, { readonly message: string }>
  readonly encode: (manifest: M) => Effect.Effect<string, { readonly message: string }>
  readonly entries: (manifest: M) => ReadonlyArray<FileEntry>
  readonly subfolders: ReadonlyArray<string>
  readonly isOurs: (name: string) => boolean
  readonly rowTables?: (manifest: M) => ReadonlyArray<RowTable>
  readonly mayName: (name: string, as: "entry" | "copy" | "removed") => boolean
}

/** What is wrong with what a manifest says of its form, if anything is: somebody changed it, and rows would be lost. */
const wrongForm = <M extends FolderManifest>(
  { rowTables }: Pick<FolderForm<M>, "rowTables">,
  manifest: M
): string | undefined => {
  const { format } = manifest
  const keeps = keepsIn(manifest)
  const expected = formatOf(keeps)
  if (format !== expected)
    return `format is ${format}, but a dataset that keeps ${[...keeps].join(", ") || "only stars"} has format ${expected}`
  const kept = rowTablesOf(keeps)
  const there = rowTables?.(manifest) ?? kept
  const lost = there.find((table) => !kept.includes(table))
  if (lost !== undefined) return `it names files of ${lost}, but its keeps do not`
  const missing = kept.find((table) => !there.includes(table))
  return missing === undefined ? undefined : `its keeps name ${missing}, but it names no files of that`
}

/** What is wrong with the names in a manifest, if anything is. */
const wrongName = <M extends FolderManifest>(
  { entries, mayName }: Pick<FolderForm<M>, "entries" | "mayName">,
  manifest: M
): string | undefined => {
  const { batches, copies = [], removed = [] } = manifest
  const seen = new Set<string>()
  for (const [files, as] of [
    [entries(manifest), "entry"],
    [copies, "copy"],
    [removed.map((name) => ({ name, swap: undefined })), "removed"]
  ] as const) {
    for (const { name, swap } of files) {
      if (!mayName(name, as)) return `${JSON.stringify(name)} is no name of such a file`
      if (seen.has(name)) return `it names ${JSON.stringify(name)} twice`
      if (swap !== undefined && swap !== nextName(name, batches))
        return `${JSON.stringify(swap)} is not what stands beside ${JSON.stringify(name)} in batch ${batches}`
      seen.add(name)
    }
  }
  return undefined
}

const Owned = Schema.parseJson(
  Schema.Struct({
    storage: Schema.optionalWith(Schema.String, { exact: true }),
    files: Schema.optionalWith(Schema.Object, { exact: true }),
    format: Schema.optionalWith(Schema.Unknown, { exact: true })
  })
)
const decodeOwned = Schema.decodeUnknownOption(Owned)

/** The storage a manifest is of. That of CSV files names none: it was there first. */
const ownerOf = (owned: typeof Owned.Type | undefined): string | undefined =>
  owned?.storage ?? (owned?.files === undefined ? undefined : "csv")

/**
 * The manifest of a folder; none where the folder has none. Fails with `Damaged` where it cannot be decoded, with
 * `NewerFormat` where its format is later than the latest of this version, and with `InvalidOption` where another
 * storage keeps the dataset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readManifest = <M extends FolderManifest>(
  form: FolderForm<M>,
  folder: string
): Effect.Effect<M | undefined, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const {
      decode,
      failures: { about, storageError },
      storage
    } = form
    const place = path.join(folder, manifestName)
    const damaged = (why: string) =>
      storageError(
        "Damaged",
        place,
        `it is no manifest that this version understands (${firstLine(why)}). Nothing was written. Restore it from a copy`
      )
    if (!(yield* about(place)(fs.exists(place)))) return undefined
    const text = yield* about(place)(fs.readFileString(place))
    const manifest = yield* Effect.mapError(decode(text), (error) => {
      const owned = Option.getOrUndefined(decodeOwned(text))
      const owner = ownerOf(owned)
      if (owner !== undefined && owner !== storage) {
        return storageError(
          "InvalidOption",
          folder,
          isStorageName.test(owner)
            ? `that dataset is stored as ${owner}, not ${storage}`
            : `that dataset is stored by another storage, not ${storage}`,
          isStorageName.test(owner) ? { remedy: { _tag: "UseStorage", storage: owner } } : {}
        )
      }
      if (typeof owned?.format === "number" && owned.format > latestFormat) {
        return storageError(
          "NewerFormat",
          folder,
          `a newer version of this program wrote the dataset (format ${owned.format}; this one knows ${latestFormat}). Nothing was written. Update this program`,
          { remedy: { _tag: "ChoosePlace" } }
        )
      }
      return damaged(error.message)
    })
    const wrong = wrongName(form, manifest) ?? wrongForm(form, manifest)
    return wrong === undefined ? manifest : yield* damaged(wrong)
  })

/** A manifest may be a stranger's, and is not repeated whatever it says. */
const isStorageName = /^[a-z]{1,20}$/u
