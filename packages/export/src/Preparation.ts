/**
 * What is done to a dataset before a layout writes it, so that nobody has to do it by hand afterwards.
 *
 * @since 0.1.0
 */
import {
  type FilmId,
  runForEachRating,
  type StorageError,
  type UserId,
  type Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import type { ExportedDataset, Indexes } from "./ExportedDataset.ts"
import { failures } from "./ExportedFile.ts"
import { holdRatings } from "./HeldRatings.ts"
import { kCore, type Minima } from "./KCore.ts"
import { count, counted } from "./NumberWords.ts"
import { defaultSeed, type Split, splitInParts } from "./Split.ts"

/**
 * How a dataset is prepared:
 *
 * - `minUserRatings`, `minFilmRatings`: members and films with fewer ratings are left out, again and again until all have as
 *   many among what is left (the k-core). Whoever has no rating is left out, too.
 * - `contiguous`: ids are numbers from 0 without gaps, and `users.index.csv` and `films.index.csv` say whose they are.
 *   Members and films without a rating are left out.
 * - `split`, `seed` (`0` if it is absent; it stands in the data card): ratings are in files for training and for testing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Preparation {
  readonly minUserRatings?: number
  readonly minFilmRatings?: number
  readonly contiguous?: boolean
  readonly split?: Split
  readonly seed?: string
}

/**
 * What a preparation changes before names are left out: the k-core. `notes` say what it left out. Holds all ratings in
 * memory, 13 bytes for each, and about 20 more while it searches: what follows reads them from there. Fails with
 * `InvalidOption` if nothing is left; the error is about `place`.
 */
export const prepared = <A extends WholeDataset>(
  whole: A,
  { contiguous = false, minFilmRatings, minUserRatings }: Preparation,
  place: string
): Effect.Effect<{ readonly whole: A; readonly notes: ReadonlyArray<string> }, StorageError> =>
  Effect.gen(function* () {
    const held = yield* holdRatings(whole.ratings, whole.state.ratings)
    const { filmOf, films, userOf, users } = held
    const all = (): Int32Array => new Int32Array(userOf.length).map((_, row) => row)
    const isCore = minFilmRatings !== undefined || minUserRatings !== undefined
    if (!isCore && !contiguous) return { whole: { ...whole, ratings: held.inOrder(all()) }, notes: [] }
    const minima: Minima = { userRatings: minUserRatings ?? 1, filmRatings: minFilmRatings ?? 1 }
    const core = kCore({ users: users.length, films: films.length, userOf, filmOf }, minima)
    const rows = all().filter((row) => core.users[userOf[row] ?? 0] === 1 && core.films[filmOf[row] ?? 0] === 1)
    if (rows.length === 0 && userOf.length > 0) {
      return yield* failures.storageError(
        "InvalidOption",
        place,
        `no rating is left where each member has at least ${counted(minima.userRatings, "rating")} and each film at least ${counted(minima.filmRatings, "rating")}. Nothing was exported. Choose smaller numbers`
      )
    }
    const keptUsers = new Set<UserId>(users.filter((_, user) => core.users[user] === 1))
    const keptFilms = new Set<FilmId>(films.filter((_, film) => core.films[film] === 1))
    const { state } = whole
    const isKept = ([username]: readonly [Username, unknown]): boolean => {
      const userId = state.users.get(username)
      return userId !== undefined && keptUsers.has(userId)
    }
    const then: A = {
      ...whole,
      ratings: held.inOrder(rows),
      watched: Stream.filter(whole.watched, ({ filmId, userId }) => keptUsers.has(userId) && keptFilms.has(filmId)),
      state: {
        ...state,
        ratings: rows.length,
        users: new Map([...state.users].filter(isKept)),
        members: new Map([...state.members].filter(isKept)),
        updates: new Map([...state.updates].filter(isKept)),
        films: new Map([...state.films].filter(([id]) => keptFilms.has(id)))
      }
    }
    const lost = (what: "users" | "films"): string =>
      `${count(state[what].size - then.state[what].size)} of ${count(state[what].size)} ${what === "users" ? "members" : what}`
    const losses = `Left out: ${lost("users")}, ${lost("films")}, ${count(state.ratings - rows.length)} of ${count(state.ratings)} ratings.`
    return {
      whole: then,
      notes: [
        isCore
          ? `Each member has at least ${counted(minima.userRatings, "rating")} and each film at least ${counted(minima.filmRatings, "rating")} among what is here. What has fewer was left out, again and again, in ${counted(core.rounds, "round")}. ${losses}`
          : `Members and films without a rating have no index. ${losses}`
      ]
    }
  })

const numbered = <Id extends number>(ids: Iterable<Id>): ReadonlyMap<Id, number> =>
  new Map(
    Array.from(ids, (id) => id)
      .toSorted((one, other) => one - other)
      .map((id, index) => [id, index])
  )

/** The indexes of a dataset in which each film has a rating: in the order of ids. */
const indexesOf = ({ films, ratings: rows }: ExportedDataset): Effect.Effect<Indexes, StorageError> =>
  Effect.gen(function* () {
    const users = new Set<UserId>()
    yield* runForEachRating(rows, ({ userId }) => users.add(userId))
    return { users: numbered(users), films: numbered(films.keys()) }
  })

/**
 * What a preparation adds once names are left out, if they are: the parts of a split, and indexes. So an anonymous export
 * is split by its own ids, and nothing about the split leads back to those of the dataset.
 */
export const withPartsAndIndexes = (
  dataset: ExportedDataset,
  { contiguous = false, seed = defaultSeed, split }: Preparation,
  { place, withValidation }: { readonly place: string; readonly withValidation: boolean }
): Effect.Effect<{ readonly dataset: ExportedDataset; readonly notes: ReadonlyArray<string> }, StorageError> =>
  Effect.gen(function* () {
    const { notes, parts } =
      split === undefined
        ? { notes: [], parts: undefined }
        : yield* splitInParts(dataset, split, { place, seed, withValidation })
    return {
      dataset: {
        ...dataset,
        ...(parts === undefined ? {} : { parts }),
        ...(contiguous ? { indexes: yield* indexesOf(dataset) } : {})
      },
      notes: [
        ...notes,
        ...(contiguous
          ? [
              "Members and films have indexes from 0 in the place of ids, in the order of ids. `users.index.csv` and `films.index.csv` say which is which. They hold for this export only."
            ]
          : [])
      ]
    }
  })
