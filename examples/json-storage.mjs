// @ts-check
/**
 * A storage of one's own: a dataset in one JSON file. `lb run --storage ./json-storage.mjs` finds `layer` and `options`.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  contentAfter,
  contentOf,
  emptyContent,
  EncodedRating,
  Film,
  FilmId,
  MemberRecord,
  problemsOf,
  RatingsStorage,
  StorageError,
  UserId,
  Username
} from "@letterboxd-ratings/core"
import { DateTime, Effect, Layer, Schema, Stream } from "effect"

const State = Schema.Struct({
  users: Schema.ReadonlyMap({ key: Username, value: UserId }),
  films: Schema.ReadonlyMap({ key: FilmId, value: Film }),
  members: Schema.ReadonlyMap({ key: Username, value: MemberRecord }),
  updates: Schema.ReadonlyMap({ key: Username, value: Schema.DateTimeUtc }),
  ratings: Schema.Int,
  batches: Schema.Int
})
const Format = Schema.parseJson(Schema.Struct({ format: Schema.Int }))
const Content = Schema.Struct({
  state: State,
  ratings: Schema.Array(EncodedRating),
  committedAt: Schema.DateTimeUtc,
  idGaps: Schema.Int
})
const Kept = Schema.parseJson(Schema.Struct({ format: Schema.Literal(1), content: Content }))

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
        if (format > 1)
          return yield* failure("NewerFormat")(`a newer version wrote it (format ${format}). Update this storage`)
        return (yield* Effect.mapError(Schema.decode(Kept)(text), failure("Damaged"))).content
      })
      /** @type {(content: typeof Content.Type, aside: string | undefined) => Effect.Effect<{ batches: number, ratings: number }, StorageError>} */
      const write = (content, aside) =>
        Effect.gen(function* () {
          const text = yield* Schema.encode(Kept)({ format: 1, content })
          yield* fs.makeDirectory(folder, { recursive: true })
          yield* fs.writeFileString(`${place}.next`, text)
          if (aside !== undefined) yield* fs.rename(place, aside)
          yield* fs.rename(`${place}.next`, place)
          return { batches: content.state.batches, ratings: content.ratings.length }
        }).pipe(Effect.mapError(failure("Failed")))

      return RatingsStorage.of({
        name: "json",
        place,
        capabilities: { replaceMember: true, durable: false, exclusive: false },
        exists,
        inspect: Effect.map(read, ({ committedAt, ratings, state }) => ({
          state,
          committedAt,
          bytes: ratings.length * 40
        })),
        verify: () =>
          Effect.map(read, (content) => ({
            ratings: content.ratings.length,
            problems: problemsOf(content),
            repaired: []
          })),
        open: (mode) =>
          Effect.gen(function* () {
            const isThere = yield* exists
            if (isThere && mode._tag === "new" && mode.existing === "refuse")
              return yield* failure("AlreadyThere")("there is a dataset already")
            let now = mode._tag === "continue" ? yield* read : emptyContent(yield* DateTime.now)
            let aside = isThere && mode._tag === "new" ? `${place}.bak-${now.committedAt.epochMillis}` : undefined
            /** @param {typeof now} next */
            const keep = (next) =>
              Effect.tap(write(next, aside), () => {
                now = next
                aside = undefined
              })
            return {
              state: now.state,
              notes: [],
              ratings: Stream.suspend(() => Stream.fromIterable(now.ratings)),
              commit: (batch) => Effect.suspend(() => keep(contentAfter(now, batch))),
              load: (whole) =>
                now.state.batches > 0
                  ? failure("AlreadyThere")("it is not empty")
                  : Effect.flatMap(contentOf(whole), keep)
            }
          })
      })
    })
  )
