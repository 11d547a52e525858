/**
 * The file of ratings whose films have no known number, beside a dataset.
 *
 * @since 0.1.0
 */
import { type Error as PlatformErrors, FileSystem, Path } from "@effect/platform"
import { type AsideRow, type Import, StorageError } from "@letterboxd-ratings/core"
import { stringify } from "csv-stringify/sync"
import { DateTime, Effect, Ref } from "effect"

/**
 * The name of the file in the folder of a dataset.
 *
 * @since 0.1.0
 * @category models
 */
export const asideFileName = "unmatched_ratings.csv"

/**
 * The columns of the file.
 *
 * @since 0.1.0
 * @category models
 */
export const asideColumns = ["username", "film_slug", "rating", "source", "read_at"] as const

const header = `${asideColumns.join(",")}\n`

const textOf = (rows: ReadonlyArray<AsideRow>): string =>
  stringify(
    rows.map(({ halfStars, readAt, slug, source, username }) => [
      username,
      slug,
      (halfStars / 2).toFixed(1),
      source,
      DateTime.formatIso(readAt)
    ]),
    { record_delimiter: "\n" }
  )

/**
 * Writes the rows of an import into a file beside the old one, which takes its place when the import ends. A file of this
 * name that does not begin with our header is never written over.
 *
 * @since 0.1.0
 * @category constructors
 */
export const asideIn = (folder: string): Effect.Effect<Import.RatingsAside, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, asideFileName)
    const unfinished = `${place}.new`
    const hasStarted = yield* Ref.make(false)

    const failed = (error: PlatformErrors.PlatformError) =>
      new StorageError({
        reason: error._tag === "SystemError" && error.reason === "PermissionDenied" ? "NotPermitted" : "Failed",
        storage: "csv",
        place,
        detail: "ratings without a film number could not be written",
        cause: error
      })

    const named = <A>(effect: Effect.Effect<A, PlatformErrors.PlatformError | StorageError>) =>
      Effect.catchTags(effect, {
        SystemError: (error) => Effect.fail(failed(error)),
        BadArgument: (error) => Effect.fail(failed(error))
      })

    const checkIsOurs = (file: string) =>
      Effect.gen(function* () {
        if (!(yield* fs.exists(file))) return
        const isOurs = yield* Effect.scoped(
          Effect.gen(function* () {
            const handle = yield* fs.open(file)
            const bytes = new Uint8Array(header.length)
            const read = Number(yield* handle.read(bytes))
            // A process that ended at once left an empty file, or a part of the header.
            return header.startsWith(new TextDecoder().decode(bytes.subarray(0, read)))
          })
        )
        if (!isOurs) {
          return yield* new StorageError({
            reason: "AlreadyThere",
            storage: "csv",
            place: file,
            detail:
              "ratings without a film number are kept in a file of this name, and this file is another one. Move it elsewhere"
          })
        }
      })

    const start = Effect.gen(function* () {
      if (yield* Ref.getAndSet(hasStarted, true)) return
      yield* fs.makeDirectory(folder, { recursive: true })
      yield* checkIsOurs(place)
      yield* checkIsOurs(unfinished)
      yield* fs.writeFileString(unfinished, header)
    })

    return {
      put: (rows) => named(Effect.zipRight(start, fs.writeFileString(unfinished, textOf(rows), { flag: "a" }))),
      finish: named(
        Effect.gen(function* () {
          if (yield* Ref.get(hasStarted)) {
            const file = yield* Effect.scoped(Effect.flatMap(fs.open(unfinished, { flag: "r+" }), (one) => one.sync))
            yield* fs.rename(unfinished, place)
            return file
          }
          // An import that was killed left the other one.
          if (yield* Effect.isSuccess(checkIsOurs(unfinished))) yield* fs.remove(unfinished, { force: true })
          if (!(yield* fs.exists(place))) return
          yield* checkIsOurs(place)
          yield* fs.remove(place)
        })
      )
    }
  })
