/**
 * A dataset with one member only.
 *
 * @since 0.1.0
 */
import {
  type FilmId,
  filterBlock,
  noRowStreams,
  rowsOfBlocks,
  type StorageError,
  type Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { failures } from "./ExportedFile.ts"

/**
 * What a dataset holds of one member: its rows, and the films in them. The history is left out. Reads the ratings, and the
 * films without one, once more than its reader. Fails with `InvalidOption`, about `place`, if there is no such member.
 */
export const onlyMember = <A extends WholeDataset>(
  whole: A,
  username: Username,
  place: string
): Effect.Effect<A, StorageError> =>
  Effect.gen(function* () {
    const { state } = whole
    const id = state.users.get(username)
    if (id === undefined) {
      return yield* failures.storageError("InvalidOption", place, `it has no member ${username}. Check the name`)
    }
    const ratings = Stream.map(whole.ratings, (block) => filterBlock(block, (row) => block.userIds[row] === id))
    const watched = Stream.filter(whole.watched, ({ userId }) => userId === id)
    const films = new Set<FilmId>()
    const count = (rows: Stream.Stream<{ readonly filmId: FilmId }, StorageError>) =>
      Stream.runFold(rows, 0, (sum, { filmId }) => {
        films.add(filmId)
        return sum + 1
      })
    const only = <V>(map: ReadonlyMap<Username, V>) => new Map([...map].filter(([name]) => name === username))
    return {
      ...whole,
      ...noRowStreams,
      ratings,
      watched,
      state: {
        ...state,
        users: only(state.users),
        members: only(state.members),
        updates: only(state.updates),
        keeps: new Set([...state.keeps].filter((keep) => keep !== "changes")),
        ratings: yield* count(rowsOfBlocks(ratings)),
        watched: yield* count(watched),
        changes: 0,
        readings: 0,
        films: new Map([...state.films].filter(([film]) => films.has(film)))
      }
    }
  })
