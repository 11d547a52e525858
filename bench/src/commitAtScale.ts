/**
 * What a batch costs on an empty dataset and on one of 5 million ratings, what opening costs, and what rewriting all
 * of it with each batch would, as the original tool does.
 */
import { NodeContext } from "@effect/platform-node"
import {
  type Batch,
  type BatchMember,
  Film,
  FilmId,
  type OpenDataset,
  type OpenMode,
  ProcessTable,
  Rating,
  RatingsStorage,
  UserId,
  Username
} from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { DateTime, Effect, Layer, Schema, Stream } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { runLb } from "./runLb.ts"

const rowsOfMember = 1_300
const filmsInAll = 60_000
const millionsOfRows = 5

const username = Schema.decodeSync(Username)
const film = Schema.decodeUnknownSync(Film)
const rating = Schema.decodeUnknownSync(Rating)
const stars = Array.from({ length: 10 }, (_, i) => rating((i + 1) / 2))

/** The batch of ten members from `first` on, 13,000 ratings. */
const batchFrom = (first: number, isFirst: boolean): Batch => {
  const committedAt = DateTime.unsafeMake(Date.UTC(2026, 0, 1))
  return {
    members: Array.from({ length: 10 }, (_, i): BatchMember => {
      const userId = UserId.make(first + i)
      const name = username(`member_${first + i}`)
      const ratings = Array.from({ length: rowsOfMember }, (_, n) => ({
        userId,
        filmId: FilmId.make(10_000_001 + ((first + i) * 7919 + n * 37) % filmsInAll),
        rating: stars[(first + n) % 10] ?? rating(1)
      }))
      return {
        isNew: true,
        write: "append",
        ratings,
        record: { username: name, userId, state: "sealed", readAt: committedAt, lastPage: 19, missing: [], films: rowsOfMember, ratings: rowsOfMember, doubts: [], verdicts: { Films: 19 } }
      }
    }),
    newFilms: isFirst ? Array.from({ length: filmsInAll }, (_, n) => film({ id: 10_000_001 + n, slug: `film-${n}`, title: `Film, the ${n}th`, year: 1990 })) : [],
    changedFilms: [],
    committedAt
  }
}

const opened = <A, E>(folder: string, mode: OpenMode, use: (dataset: OpenDataset) => Effect.Effect<A, E>) =>
  Effect.runPromise(
    Effect.flatMap(RatingsStorage, (storage) => Effect.scoped(Effect.flatMap(storage.open(mode), use))).pipe(
      Effect.provide(CsvStorage.layer({ ...CsvStorage.defaults, folder }).pipe(
        Layer.provide(Layer.merge(
          NodeContext.layer,
          Layer.succeed(ProcessTable, ProcessTable.of({
            self: Effect.succeed({ pid: process.pid, host: "here", startedAt: 0 }),
            isRunning: () => Effect.succeed(false)
          }))
        ))
      ))
    )
  )

const timed = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<number, E> =>
  Effect.suspend(() => {
    const began = performance.now()
    return Effect.map(effect, () => performance.now() - began)
  })

const median = (times: ReadonlyArray<number>): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0

export const commitAtScale = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-bench-"))
  try {
    const small = path.join(folder, "small")
    const onEmpty = await opened(small, { _tag: "new", existing: "refuse" }, (dataset) =>
      Effect.gen(function*() {
        yield* dataset.commit(batchFrom(1, true))
        return median(yield* Effect.forEach([11, 21, 31, 41, 51, 61, 71], (first) => timed(dataset.commit(batchFrom(first, false)))))
      }))

    const large = path.join(folder, "large")
    const batches = Math.ceil((millionsOfRows * 1e6) / (rowsOfMember * 10))
    await opened(large, { _tag: "new", existing: "refuse" }, (dataset) =>
      Effect.forEach(Array.from({ length: batches }, (_, i) => i), (i) => dataset.commit(batchFrom(i * 10 + 1, i === 0)), { discard: true }))

    const began = performance.now()
    const { onLarge, opening } = await opened(large, { _tag: "continue" }, (dataset) =>
      Effect.gen(function*() {
        const opening = performance.now() - began
        const times = yield* Effect.forEach([0, 1, 2, 3, 4, 5, 6], (i) => timed(dataset.commit(batchFrom((batches + i) * 10 + 1, false))))
        return { opening, onLarge: median(times) }
      }))
    const status = await runLb(["status", "--out", large])
    const goingOn = await runLb(["run", "--mode", "continue", "--source", "sandbox", "--batches", "1", "--quiet", "--out", large])
    const verified = await runLb(["verify", "--out", large])

    const rewriting = performance.now()
    const lines: Array<string> = []
    await opened(large, { _tag: "continue" }, (dataset) =>
      Stream.runForEachChunk(dataset.ratings, (rows) =>
        Effect.sync(() => {
          for (const row of rows) lines.push(`${row.userId},${row.filmId},${row.rating.toFixed(1)}`)
        })))
    fs.writeFileSync(path.join(folder, "whole.csv"), lines.join("\n"))
    const rewrite = performance.now() - rewriting

    process.stdout.write(
      [
        `  a batch of 10 members, 13,000 ratings: ${onEmpty.toFixed(0)} ms on an empty dataset, ${onLarge.toFixed(0)} ms on ${millionsOfRows} million ratings: ${(onLarge / onEmpty).toFixed(2)} times`,
        `  reading and writing the raw ratings anew with each batch, as the original does: ${(rewrite / 1000).toFixed(1)} s, ${(rewrite / onLarge).toFixed(0)} times a batch`,
        `  opening ${millionsOfRows} million ratings to go on: ${(opening / 1000).toFixed(2)} s`,
      `  lb status on them: ${status.seconds.toFixed(1)} s, ${status.megabytes.toFixed(0)} MB`,
      `  lb run --mode continue with ten members of the sandbox: ${goingOn.seconds.toFixed(1)} s, ${goingOn.megabytes.toFixed(0)} MB`,
      `  lb verify: ${verified.seconds.toFixed(1)} s, ${verified.megabytes.toFixed(0)} MB`
      ].join("\n") + "\n"
    )
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}
