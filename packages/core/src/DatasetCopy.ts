/**
 * From one storage to another, row by row, with every count checked on the way.
 *
 * @since 0.1.0
 */
import { Context, Effect, Scope, Stream } from "effect"
import type { CommitReceipt } from "./Batch.ts"
import type { UserId } from "./Member.ts"
import type { EncodedRating } from "./Rating.ts"
import type { RatingsStorage, WholeDataset } from "./RatingsStorage.ts"
import { StorageError } from "./StorageError.ts"

/**
 * Opens a dataset to read all of it, and holds it until the scope closes. `notes` are sentences about what opening it
 * changed in it. The stream of its ratings fails with
 * `Damaged` where a row names a user or film nobody knows, and at its end where there are fewer or more rows, of the
 * whole or of a member, than the dataset says it has: whoever read it to the end has everything.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readWhole = (
  storage: Context.Tag.Service<RatingsStorage>
): Effect.Effect<WholeDataset & { readonly notes: ReadonlyArray<string> }, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const dataset = yield* storage.open({ _tag: "continue" })
    // Nobody commits to it while it is held, so this is the time of what was opened.
    const { committedAt } = yield* storage.inspect
    const { notes, state } = dataset
    const damaged = (detail: string) =>
      new StorageError({
        reason: "Damaged",
        storage: storage.name,
        place: storage.place,
        detail: `${detail}. Nothing was copied. \`lb verify\` tells more`
      })
    // Whoever reads may be in a transaction of their own, which the statements of this storage must not run in.
    const outside = yield* Effect.context<never>()
    const names = new Map([...state.users].map(([username, userId]) => [userId, username]))

    const ratings = Stream.suspend(() => {
      const perUser = new Map<UserId, number>()
      let rows = 0
      const count = ({ filmId, userId }: EncodedRating): string | undefined => {
        rows += 1
        perUser.set(userId, (perUser.get(userId) ?? 0) + 1)
        return names.has(userId)
          ? state.films.has(filmId)
            ? undefined
            : `row ${rows} names film ${filmId}, which is not mapped`
          : `row ${rows} names user ${userId}, who is not mapped`
      }
      const checkCounts = Effect.gen(function* () {
        if (rows !== state.ratings)
          return yield* damaged(`${rows} ratings were read where ${state.ratings} were committed`)
        for (const { ratings: wanted, userId, username } of state.members.values()) {
          const found = perUser.get(userId) ?? 0
          if (found !== wanted)
            return yield* damaged(`${found} ratings of ${username} were read where ${wanted} were committed`)
        }
      })
      return dataset.ratings.pipe(
        Stream.mapChunksEffect((chunk) => {
          for (const rating of chunk) {
            const problem = count(rating)
            if (problem !== undefined) return damaged(problem)
          }
          return Effect.succeed(chunk)
        }),
        Stream.concat(Stream.drain(Stream.fromEffect(checkCounts))),
        pulledIn(outside)
      )
    })
    return { state, committedAt, ratings, notes }
  })

/** Runs all of a stream in a context that takes the place of its reader's. (Providing one would only add to that.) */
const pulledIn =
  (context: Context.Context<never>) =>
  <A, E>(stream: Stream.Stream<A, E>): Stream.Stream<A, E> =>
    Stream.fromPull(
      Effect.map(
        Effect.flatMap(Effect.scope, (scope) =>
          Effect.mapInputContext(Stream.toPull(stream), () => Context.add(context, Scope.Scope, scope))
        ),
        (pull) => Effect.mapInputContext(pull, () => context)
      )
    )

/**
 * Loads a dataset into another storage, all of it or nothing. Costs time in proportion to the ratings, and memory in
 * proportion to members and films.
 *
 * @since 0.1.0
 * @category constructors
 */
export const loadWhole = (
  whole: WholeDataset,
  to: Context.Tag.Service<RatingsStorage>,
  existing: "refuse" | "set-aside"
): Effect.Effect<CommitReceipt, StorageError> =>
  Effect.flatMap(to.open({ _tag: "new", existing }), (dataset) => dataset.load(whole)).pipe(Effect.scoped)
