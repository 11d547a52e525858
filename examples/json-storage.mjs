// @ts-check
/**
 * A storage of one's own: a dataset in one JSON file. `lb run --storage ./json-storage.mjs` finds `layer` and `options`.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  contentAfter,
  DatasetContent,
  emptyContent,
  formatOf,
  latestFormat,
  openedDataset,
  problemsOf,
  RatingsStorage,
  rowStreamsOf,
  StorageError
} from "@letterboxd-ratings/core"
import { DateTime, Effect, Layer, Schema } from "effect"

const Format = Schema.parseJson(Schema.Struct({ format: Schema.Int }))
const Kept = Schema.parseJson(Schema.Struct({ format: Schema.Int, content: DatasetContent }))

export const options = ["file"]

/** @param {{ readonly folder: string, readonly options: Readonly<Record<string, string>> }} settings */
export const layer = ({ folder, options: { file = "ratings.json" } }) =>
  Layer.effect(
    RatingsStorage,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const place = (yield* Path.Path).join(folder, file)
      /** @type {(reason: StorageError["reason"]) => (cause: unknown) => StorageError} */
      const failure = (reason) => (cause) =>
        new StorageError({ reason, storage: "json", place, detail: `it cannot be used: ${cause}` })

      const exists = Effect.mapError(fs.exists(place), failure("NotPermitted"))
      const read = Effect.gen(function* () {
        if (!(yield* exists)) return yield* failure("NothingThere")("there is no dataset")
        const text = yield* Effect.mapError(fs.readFileString(place), failure("NotPermitted"))
        const { format } = yield* Effect.mapError(Schema.decode(Format)(text), failure("Damaged"))
        if (format > latestFormat)
          return yield* failure("NewerFormat")(`a newer version wrote it (format ${format}). Update this storage`)
        return (yield* Effect.mapError(Schema.decode(Kept)(text), failure("Damaged"))).content
      })
      /** @type {(content: DatasetContent, aside: string | undefined) => Effect.Effect<void, StorageError>} */
      const write = (content, aside) =>
        Effect.gen(function* () {
          const text = yield* Schema.encode(Kept)({ format: formatOf(content.state.keeps), content })
          yield* fs.writeFileString(`${place}.next`, text)
          if (aside !== undefined) yield* fs.rename(place, aside)
          yield* fs.rename(`${place}.next`, place)
        }).pipe(Effect.mapError(failure("Failed")))
      // A process that is killed leaves this file behind: remove it by hand then.
      const lock = `${place}.lock`
      const hold = Effect.acquireRelease(
        Effect.mapError(fs.writeFileString(lock, "", { flag: "wx" }), () => failure("Locked")(`${lock} is there`)),
        () => Effect.ignore(fs.remove(lock))
      )

      return RatingsStorage.of({
        name: "json",
        place,
        exists,
        inspect: Effect.map(read, ({ committedAt, state }) => ({ state, committedAt, bytes: state.ratings * 40 })),
        verify: () =>
          Effect.map(read, (content) => ({
            ratings: content.state.ratings,
            problems: problemsOf(content),
            repaired: []
          })),
        open: (mode) =>
          Effect.gen(function* () {
            yield* Effect.mapError(fs.makeDirectory(folder, { recursive: true }), failure("NotPermitted"))
            yield* hold
            const isThere = yield* exists
            if (isThere && mode._tag === "new" && mode.existing === "refuse")
              return yield* failure("AlreadyThere")("there is a dataset already")
            let now = mode._tag === "continue" ? yield* read : emptyContent(yield* DateTime.now)
            let aside = isThere && mode._tag === "new" ? `${place}.bak-${now.committedAt.epochMillis}` : undefined
            return yield* openedDataset({
              storage: "json",
              place,
              state: now.state,
              notes: [],
              ...(mode._tag === "continue" ? { committedAt: now.committedAt } : {}),
              rows: rowStreamsOf(() => now),
              write: (changes) =>
                Effect.gen(function* () {
                  const next = yield* contentAfter(now, changes)
                  yield* write(next, aside)
                  now = next
                  aside = undefined
                  return next.state
                })
            })
          })
      })
    })
  )
