/**
 * Commits prepared batches to one storage, in a process of its own, and prints what that took as JSON.
 */
import { NodeContext } from "@effect/platform-node"
import {
  Film,
  FilmId,
  makeIdRegistry,
  type MemberRecord,
  Rating,
  RatingsStorage,
  Username
} from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { PostgresStorage } from "@letterboxd-ratings/storage-postgres"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { DateTime, Effect, Layer, Redacted, Schema, Stream } from "effect"
import * as fs from "node:fs"
import * as readline from "node:readline"
import { pathToFileURL } from "node:url"
import * as BenchDatabase from "./BenchDatabase.ts"

/** What committing and reading back took. The memory is that of the whole process, which also reads the batches. */
export const Committed = Schema.Struct({
  rows: Schema.Positive,
  seconds: Schema.Positive,
  slowestMillis: Schema.Positive,
  readSeconds: Schema.Positive,
  bytes: Schema.NonNegative
})

const Line = Schema.decodeUnknownSync(
  Schema.parseJson(
    Schema.Struct({
      films: Schema.Array(Film),
      members: Schema.Array(Schema.Struct({ username: Username, ratings: Schema.Array(Schema.Tuple(FilmId, Rating)) }))
    })
  )
)

const platform = Layer.merge(NodeContext.layer, NodeProcessTable.layer)

export const storages = {
  memory: () => MemoryStorage.layer({ place: "memory" }),
  csv: (folder) => Layer.provide(CsvStorage.layer({ ...CsvStorage.defaults, folder }), platform),
  sqlite: (folder) => Layer.provide(SqliteStorage.layer({ folder }), platform),
  parquet: (folder) => Layer.provide(ParquetStorage.layer({ folder }), platform),
  postgres: () =>
    PostgresStorage.layer({
      url: Redacted.make(BenchDatabase.url ?? ""),
      schema: BenchDatabase.schema
    })
} satisfies Readonly<Record<string, (folder: string) => Layer.Layer<RatingsStorage>>>

export type StorageName = keyof typeof storages

const measure = (batches: string) =>
  Effect.gen(function* () {
    const storage = yield* RatingsStorage
    let seconds = 0
    let slowestMillis = 0
    const rows = yield* Effect.scoped(
      Effect.gen(function* () {
        const dataset = yield* storage.open({ _tag: "new", existing: "set-aside" })
        const registry = makeIdRegistry(dataset.state)
        let total = 0
        const lines = readline.createInterface({ input: fs.createReadStream(batches) })
        yield* Stream.runForEach(
          Stream.fromAsyncIterable(lines, (cause) => cause),
          (line) =>
            Effect.gen(function* () {
              const { films, members } = Line(line)
              for (const film of films) registry.film(film)
              const committedAt = yield* DateTime.now
              const batch = {
                committedAt,
                ...registry.takeFilms(),
                members: members.map(({ ratings, username }) => {
                  const { isNew, userId } = registry.user(username)
                  const record: MemberRecord = {
                    username,
                    userId,
                    state: "sealed",
                    readAt: committedAt,
                    lastPage: 1,
                    missing: [],
                    films: ratings.length,
                    ratings: ratings.length,
                    doubts: [],
                    verdicts: { Films: 1 }
                  }
                  return {
                    record,
                    isNew,
                    write: "append" as const,
                    ratings: ratings.map(([filmId, rating]) => ({ userId, filmId, rating }))
                  }
                })
              }
              const began = performance.now()
              total = (yield* dataset.commit(batch)).ratings
              const took = performance.now() - began
              seconds += took / 1000
              slowestMillis = Math.max(slowestMillis, took)
            })
        )
        return total
      })
    )
    const began = performance.now()
    const read = yield* Effect.scoped(
      Effect.flatMap(storage.open({ _tag: "continue" }), (dataset) => Stream.runCount(dataset.ratings))
    )
    const readSeconds = (performance.now() - began) / 1000
    if (read !== rows) throw new Error(`${read} of ${rows} rows were read back`)
    const { bytes } = yield* storage.inspect
    const result: typeof Committed.Type = { rows, seconds, slowestMillis, readSeconds, bytes }
    process.stdout.write(JSON.stringify(result))
  })

const [, script = "", name = "", folder = "", batches = ""] = process.argv
if (import.meta.url === pathToFileURL(script).href) {
  const storage = new Map<string, (folder: string) => Layer.Layer<RatingsStorage>>(Object.entries(storages)).get(name)
  if (storage === undefined) throw new Error(`Unknown: ${name}`)
  await Effect.runPromise(Effect.provide(measure(batches), storage(folder)))
}
