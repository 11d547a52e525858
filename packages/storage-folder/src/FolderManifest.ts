/**
 * The file that says which content of a dataset's other files counts.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { formatOf, Keep, type Keeps, latestFormat, type StorageError } from "@letterboxd-ratings/core"
import { type DateTime, Effect, Option, Schema } from "effect"
import { type FileEntry, InnerName } from "./FileEntry.ts"
import { type FolderFailures, withRemedy } from "./FolderFailure.ts"

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
 * folder on) of files that a commit may write; those that a manifest names count as such anyway.
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
}

const Owned = Schema.parseJson(
  Schema.Struct({
    storage: Schema.optionalWith(Schema.String, { exact: true }),
    files: Schema.optionalWith(Schema.Object, { exact: true }),
    format: Schema.optionalWith(Schema.Int, { exact: true })
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
  { decode, failures: { about, storageError }, storage }: FolderForm<M>,
  folder: string
): Effect.Effect<M | undefined, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, manifestName)
    if (!(yield* about(place)(fs.exists(place)))) return undefined
    const text = yield* about(place)(fs.readFileString(place))
    return yield* Effect.mapError(decode(text), (error) => {
      const owned = Option.getOrUndefined(decodeOwned(text))
      const owner = ownerOf(owned)
      if (owner !== undefined && owner !== storage)
        return withRemedy(
          storageError("InvalidOption", folder, `the storage ${owner} keeps the dataset there, not ${storage}`),
          { _tag: "UseStorage", storage: owner }
        )
      if (owned?.format !== undefined && owned.format > latestFormat) {
        return storageError(
          "NewerFormat",
          folder,
          `a newer version wrote the dataset (format ${owned.format}; this one knows ${latestFormat}). Nothing was written. Update this program, or start another dataset elsewhere`
        )
      }
      return storageError(
        "Damaged",
        place,
        `it is no manifest that this version understands (${error.message.split("\n")[0] ?? ""}). Nothing was written. Restore it from a copy`
      )
    })
  })

/**
 * Reads a dataset that nobody keeps from changing: where `read` finds something wrong and the dataset has changed
 * meanwhile, it reads again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readUnheld = <M extends FolderManifest, A, R>(
  manifestNow: Effect.Effect<M, StorageError, R>,
  read: (manifest: M) => Effect.Effect<A, StorageError, R>,
  isSound: (found: A) => boolean = () => true
): Effect.Effect<A, StorageError, R> =>
  Effect.gen(function* () {
    const manifest = yield* manifestNow
    const found = yield* Effect.exit(read(manifest))
    if (found._tag === "Success" && isSound(found.value)) return found.value
    const after = yield* manifestNow
    return after.batches === manifest.batches && after.committedAt.epochMillis === manifest.committedAt.epochMillis
      ? yield* found
      : yield* readUnheld(manifestNow, read, isSound)
  })
