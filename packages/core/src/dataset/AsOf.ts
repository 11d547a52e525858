/**
 * A dataset as it was at an earlier time, out of what it is and its history.
 *
 * @since 0.1.0
 */
import { DateTime, Effect, Stream } from "effect"
import type { FilmId } from "../domain/Film.ts"
import type { UserId, Username } from "../domain/Member.ts"
import type { Rating } from "../domain/Rating.ts"
import type { Keep, Keeps } from "./Column.ts"
import { loggedReadings } from "./History.ts"
import { blocksOfRows, ratingBlockOf, ratingsOf, runForEachRating } from "./RatingBlock.ts"
import { noRowStreams, type WholeDataset } from "./RatingsStorage.ts"
import { StorageError } from "./StorageError.ts"
import { withoutUnkept } from "./Table.ts"
import { type EncodedRating, type LoggedReading, type MemberRecord, rowTables } from "./Tables.ts"

/** Of these, a dataset knows only how they are now. */
const knownOnlyNow: ReadonlySet<Keep> = new Set(["liked", "watched", "changes"])

/** For each film of a member that was changed later: its rating then; `undefined` where it had none. */
type ThenByFilm = Map<FilmId, Rating | undefined>

/** The ratings of a dataset before later changes. Rows that are not there any more stand at the end. */
const ratingsThen = (
  ratings: WholeDataset["ratings"],
  thenByUser: ReadonlyMap<UserId, ThenByFilm>,
  isMember: (userId: UserId) => boolean,
  keptOf: (row: EncodedRating) => EncodedRating
): WholeDataset["ratings"] =>
  Stream.suspend(() => {
    const left = new Map(Array.from(thenByUser, ([userId, films]) => [userId, new Map(films)]))
    const rowThen = (row: EncodedRating): ReadonlyArray<EncodedRating> => {
      if (!isMember(row.userId)) return []
      const films = left.get(row.userId)
      if (films === undefined || !films.has(row.filmId)) return [keptOf(row)]
      const rating = films.get(row.filmId)
      films.delete(row.filmId)
      return rating === undefined ? [] : [{ userId: row.userId, filmId: row.filmId, rating }]
    }
    const removed = Stream.suspend(() =>
      Stream.fromIterable(
        Array.from(left).flatMap(([userId, films]) =>
          isMember(userId)
            ? Array.from(films).flatMap(([filmId, rating]) =>
                rating === undefined ? [] : [{ userId, filmId, rating }]
              )
            : []
        )
      )
    )
    return Stream.concat(
      Stream.map(ratings, (block) => ratingBlockOf(ratingsOf(block).flatMap(rowThen))),
      blocksOfRows(removed)
    )
  })

/**
 * A dataset as it was at a time: the members that had been read by then, under the names they had, with the ratings that
 * were known of them. Days of ratings stay where the rating is the same as now. Which films were watched without a rating,
 * or liked, is known only as it is now, and is left out.
 *
 * Fails with `NothingThere` if no member had been read by then, and with `Damaged` if the history does not fit the rows.
 * Reads the ratings once more than its reader, and the history; costs memory for each rating that changed since.
 *
 * @since 0.1.0
 * @category constructors
 */
export const datasetAsOf = (
  whole: WholeDataset,
  at: DateTime.Utc,
  { place, storage }: Pick<StorageError, "place" | "storage">
): Effect.Effect<WholeDataset, StorageError> =>
  Effect.gen(function* () {
    const { state } = whole
    const isLater = DateTime.greaterThan(at)
    const inForce = new Map<UserId, LoggedReading>()
    const updatesById = new Map<UserId, DateTime.Utc>()
    let first: DateTime.Utc | undefined
    yield* Stream.runForEach(loggedReadings(whole), (reading) =>
      Effect.sync(() => {
        if (first === undefined || DateTime.lessThan(reading.at, first)) first = reading.at
        if (isLater(reading.at)) return
        inForce.set(reading.userId, reading)
        if (reading.state === "sealed") updatesById.set(reading.userId, reading.readAt)
      })
    )
    if (inForce.size === 0) {
      const since = first === undefined ? "" : `; the first one was read at ${DateTime.formatIso(first)}`
      const detail = `no member had been read at ${DateTime.formatIso(at)}${since}`
      return yield* new StorageError({ reason: "NothingThere", storage, place, detail })
    }

    const films = new Set<FilmId>()
    const thenByUser = new Map<UserId, ThenByFilm>()
    yield* Stream.runForEach(whole.changes, ({ at: changedAt, before, filmId, userId }) =>
      Effect.sync(() => {
        if (!isLater(changedAt)) return films.add(filmId)
        const then = thenByUser.get(userId) ?? new Map<FilmId, Rating | undefined>()
        thenByUser.set(userId, then)
        // The first change after that time tells what was there before it.
        return then.has(filmId) ? then : then.set(filmId, before)
      })
    )

    const keeps: Keeps = new Set([...state.keeps].filter((keep) => !knownOnlyNow.has(keep)))
    const ratings = ratingsThen(
      whole.ratings,
      thenByUser,
      (userId) => (inForce.get(userId)?.ratings ?? 0) > 0,
      withoutUnkept(rowTables.ratings, keeps)
    )
    const counts = new Map<UserId, number>()
    yield* runForEachRating(ratings, ({ filmId, userId }) => {
      films.add(filmId)
      counts.set(userId, (counts.get(userId) ?? 0) + 1)
    })
    const readings = Array.from(inForce.values()).toSorted((one, other) => one.userId - other.userId)
    for (const { ratings: said, userId, username } of readings) {
      const rows = counts.get(userId) ?? 0
      if (rows === said) continue
      const detail = `the history gives ${username} ${rows} ratings at ${DateTime.formatIso(at)}, but the reading then had ${said}. Nothing was exported`
      return yield* new StorageError({ reason: "Damaged", storage, place, detail })
    }
    const users = new Map<Username, UserId>()
    const members = new Map<Username, MemberRecord>()
    const updates = new Map<Username, DateTime.Utc>()
    for (const { at: _at, ...record } of readings) {
      const { userId, username } = record
      users.set(username, userId)
      if (state.members.has(username) || state.keeps.has("changes")) members.set(username, record)
      const updated = updatesById.get(userId) ?? (members.has(username) ? undefined : state.updates.get(username))
      if (updated !== undefined) updates.set(username, updated)
    }
    return {
      ...noRowStreams,
      ratings,
      state: {
        users,
        members,
        updates,
        films: new Map([...state.films].filter(([id]) => films.has(id))),
        keeps,
        batches: 1,
        ratings: [...counts.values()].reduce((sum, count) => sum + count, 0),
        watched: 0,
        changes: 0,
        readings: 0
      },
      committedAt: isLater(whole.committedAt) ? at : whole.committedAt
    }
  }).pipe(Effect.withSpan("Dataset.asOf", { attributes: { storage, place } }))
