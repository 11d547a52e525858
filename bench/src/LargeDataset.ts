/**
 * A large dataset for benchmarks to work on, of as many ratings as are asked for.
 */
import { NodeContext } from "@effect/platform-node"
import {
  type Batch,
  type BatchMember,
  Film,
  FilmId,
  type OpenDataset,
  type OpenMode,
  Rating,
  RatingsStorage,
  UserId,
  Username
} from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { DateTime, Effect, Layer, Schema } from "effect"

const rowsOfMember = 1_300
const membersInABatch = 10
const filmsInAll = 60_000

/** So many ratings are in one batch. */
export const ratingsInABatch = rowsOfMember * membersInABatch

const username = Schema.decodeSync(Username)
const film = Schema.decodeUnknownSync(Film)
const rating = Schema.decodeUnknownSync(Rating)
const stars = Array.from({ length: 10 }, (_, i) => rating((i + 1) / 2))

/** The batch of ten members from `first` on, 13,000 ratings. */
export const batchFrom = (first: number, isFirst: boolean): Batch => {
  const committedAt = DateTime.unsafeMake(Date.UTC(2026, 0, 1))
  return {
    members: Array.from({ length: membersInABatch }, (_, i): BatchMember => {
      const userId = UserId.make(first + i)
      const name = username(`member_${first + i}`)
      const ratings = Array.from({ length: rowsOfMember }, (_, n) => ({
        userId,
        filmId: FilmId.make(10_000_001 + (((first + i) * 7919 + n * 37) % filmsInAll)),
        rating: stars[(first + n) % 10] ?? rating(1)
      }))
      return {
        isNew: true,
        write: "append",
        ratings,
        record: {
          username: name,
          userId,
          state: "sealed",
          readAt: committedAt,
          lastPage: 19,
          missing: [],
          films: rowsOfMember,
          ratings: rowsOfMember,
          doubts: [],
          verdicts: { Films: 19 }
        }
      }
    }),
    newFilms: isFirst
      ? Array.from({ length: filmsInAll }, (_, n) =>
          film({ id: 10_000_001 + n, slug: `film-${n}`, title: `Film, the ${n}th`, year: 1990 })
        )
      : [],
    changedFilms: [],
    committedAt
  }
}

/** Opens a dataset in CSV, and closes it after its use. */
export const opened = <A, E>(folder: string, mode: OpenMode, use: (dataset: OpenDataset) => Effect.Effect<A, E>) =>
  Effect.flatMap(RatingsStorage, (storage) => Effect.scoped(Effect.flatMap(storage.open(mode), use))).pipe(
    Effect.provide(
      CsvStorage.layer({ ...CsvStorage.defaults, folder }).pipe(
        Layer.provide(Layer.merge(NodeContext.layer, NodeProcessTable.layer))
      )
    )
  )

/** The batches that so many ratings are in. */
export const batchesOf = (ratings: number): number => Math.ceil(ratings / ratingsInABatch)

/** A number of ratings in words: `0.5 million`. */
export const inMillions = (ratings: number): string => `${Number((ratings / 1e6).toPrecision(3))} million`

/** Makes a dataset of so many ratings in CSV, in a folder that is not there yet. */
export const makeLargeDataset = (folder: string, ratings: number) =>
  opened(folder, { _tag: "new", existing: "refuse" }, (dataset) =>
    Effect.forEach(
      Array.from({ length: batchesOf(ratings) }, (_, i) => i),
      (i) => dataset.commit(batchFrom(i * membersInABatch + 1, i === 0)),
      { discard: true }
    )
  )
