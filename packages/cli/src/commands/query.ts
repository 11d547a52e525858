/**
 * `lb query`: SQL over a dataset.
 *
 * @since 0.1.0
 */

import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Chunk, Effect, Stream } from "effect"
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"
import { InvalidSettings } from "../ExitCode.ts"
import { type Flags, resolveSettings } from "../options/Settings.ts"
import { loaded } from "../plugins/Storages.ts"
import { writerOf } from "../query/ResultFormats.ts"
import { Screen } from "../Screen.ts"
import { datasetToShow } from "../ShownDataset.ts"
import { printable } from "../Shown.ts"

/** So many rows are written at once. */
const rowsAtOnce = 1_000

/**
 * @since 0.1.0
 * @category constructors
 */
export const query = (sql: string, flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const { json, resultFormat, said } = settings
    if (json && resultFormat !== undefined && resultFormat !== "json" && said.get("json") === "--json")
      return yield* new InvalidSettings({
        problems: [
          `--json asks for JSON, and ${said.get("resultFormat") ?? "--format"} for ${resultFormat}. Use one of them.`
        ]
      })
    const { queryDataset } = yield* loaded(
      "parquet",
      () => import("@letterboxd-ratings/storage-parquet/query"),
      "lb query needs DuckDB, which"
    )
    const result = yield* queryDataset(yield* datasetToShow(settings), sql)
    const writer = writerOf(resultFormat ?? (json ? "json" : "table"), result.columns, yield* screen.width)
    let rows = 0
    yield* Stream.runForEachChunk(Stream.rechunk(result.rows, rowsAtOnce), (some) => {
      rows += some.length
      return screen.out(writer.rows(Chunk.toReadonlyArray(some)))
    })
    yield* screen.out(writer.end(rows))
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      QueryError: ({ message }) => endWith(1, printable(message)),
      StorageError: (error) => endWithError(error, { command: "query", flags })
    })
  )
