/**
 * WACZ 1.1: a ZIP of WARC files that names their checksums.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform"
import { ImportError } from "@letterboxd-ratings/core"
import { Effect, Option, Schema, Stream } from "effect"
import { createHash } from "node:crypto"
import { openZip, type ZipArchive, type ZipBounds } from "../reading/ZipArchive.ts"
import type { IsWanted, SavedRecord } from "./Capture.ts"
import { readWarc } from "./Warc.ts"

/** Parts of an archive are stored as they are, and are large. */
const bounds: ZipBounds = { entries: 10_000, entryBytes: 64 * 1024 ** 3, archiveBytes: 256 * 1024 ** 3 }

const largestDescription = 16 * 1024 * 1024
const descriptionName = "datapackage.json"

const Description = Schema.parseJson(
  Schema.Struct({
    resources: Schema.Array(
      Schema.Struct({
        path: Schema.String,
        hash: Schema.optional(Schema.String),
        bytes: Schema.optional(Schema.Number)
      })
    )
  })
)
const decodeDescription = Schema.decodeUnknownOption(Description)

const isPart = (name: string): boolean => /^archive\/[^/]+\.warc(?:\.gz)?$/u.test(name)

/**
 * Whether these are the names of the files of a WACZ.
 *
 * @since 0.1.0
 * @category constructors
 */
export const looksLikeWacz = (entries: ReadonlyArray<string>): boolean =>
  entries.includes(descriptionName) && entries.some(isPart)

const damaged = (place: string, detail: string) => new ImportError({ reason: "Damaged", place, detail })

/** The sha256 of each part, by its name in the archive. */
const checksums = (
  place: string,
  zip: ZipArchive
): Effect.Effect<
  ReadonlyMap<string, { readonly sha256: string | undefined; readonly bytes: number | undefined }>,
  ImportError
> =>
  Effect.gen(function* () {
    const parts: Array<Uint8Array> = []
    let length = 0
    yield* Stream.runForEach(zip.read(descriptionName), (part) =>
      Effect.suspend(() => {
        parts.push(part)
        length += part.length
        return length > largestDescription
          ? Effect.fail(
              new ImportError({ reason: "TooLarge", place, detail: `${descriptionName} is larger than 16 MB` })
            )
          : Effect.void
      })
    )
    const description = decodeDescription(Buffer.concat(parts, length).toString("utf8"))
    if (Option.isNone(description)) {
      return yield* damaged(place, `${descriptionName} does not list the files of the archive`)
    }
    return new Map(
      description.value.resources.map(({ bytes, hash, path }) => [
        path,
        { sha256: /^sha256:([0-9a-f]{64})$/iu.exec(hash ?? "")?.[1]?.toLowerCase(), bytes }
      ])
    )
  })

/** Reads a part once and compares its sum, before anything of it is used. */
const check = (
  place: string,
  zip: ZipArchive,
  name: string,
  sha256: string | undefined
): Effect.Effect<void, ImportError> =>
  Effect.gen(function* () {
    if (sha256 === undefined) {
      return yield* new ImportError({
        reason: "Incomplete",
        place,
        detail: `${descriptionName} has no sha256 of this part, so nothing proves that it is whole`
      })
    }
    const hash = createHash("sha256")
    yield* Stream.runForEach(zip.read(name), (part) =>
      Effect.sync(() => {
        hash.update(part)
      })
    )
    if (hash.digest("hex") !== sha256) {
      return yield* damaged(place, `the sha256 of this part is not the one that ${descriptionName} states`)
    }
  })

/**
 * Reads all parts of a WACZ, in the order of their names. The sha256 of each part is compared with the one that
 * `datapackage.json` states before anything of the part is used, so parts are read twice. It fails with `Damaged` if a sum
 * differs, with `Incomplete` if a part is missing or has no sum.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readWacz = (
  path: string,
  isWanted: IsWanted = () => true,
  onBytes: (bytes: number) => void = () => undefined
): Stream.Stream<SavedRecord, ImportError, FileSystem.FileSystem> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const zip = yield* openZip(path, bounds)
      const sums = yield* checksums(path, zip)
      const names = zip.entries
        .map(({ name }) => name)
        .filter(isPart)
        .toSorted()
      const absent = [...sums.keys()].find((name) => isPart(name) && !names.includes(name))
      if (absent !== undefined) {
        return yield* new ImportError({
          reason: "Incomplete",
          place: path,
          detail: `a part that ${descriptionName} lists is not in the archive`
        })
      }
      return Stream.flatMap(Stream.fromIterable(names), (name) => {
        const place = `${path}/${name}`
        const bytes = Stream.tap(zip.read(name), (part) => Effect.sync(() => onBytes(part.length)))
        return Stream.unwrap(
          Effect.as(check(place, zip, name, sums.get(name)?.sha256), readWarc(place, bytes, isWanted))
        )
      })
    })
  )
