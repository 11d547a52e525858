/**
 * The layouts of `lb export`, each loaded on demand. To add a layout, add a line here.
 *
 * @since 0.1.0
 */
import type { ExportFormat } from "@letterboxd-ratings/export"
import { Effect } from "effect"
import type { InvalidSettings } from "../ExitCode.ts"
import { loaded } from "./Storages.ts"

const formats: Readonly<Record<string, Effect.Effect<ExportFormat, InvalidSettings>>> = {
  movielens: Effect.promise(async () => (await import("@letterboxd-ratings/export")).movieLens),
  recbole: Effect.promise(async () => (await import("@letterboxd-ratings/export")).recBole),
  jsonl: Effect.promise(async () => (await import("@letterboxd-ratings/export")).jsonLines),
  spreadsheet: Effect.promise(async () => (await import("@letterboxd-ratings/export")).spreadsheet),
  "parquet-file": Effect.map(
    loaded("parquet", () => import("@letterboxd-ratings/storage-parquet/file")),
    ({ ratingsFile }) => ratingsFile
  ),
  huggingface: Effect.map(
    loaded("parquet", () => import("@letterboxd-ratings/storage-parquet/file")),
    ({ huggingFace }) => huggingFace
  ),
  kaggle: Effect.promise(async () => (await import("@letterboxd-ratings/export")).kaggle),
  letterboxd: Effect.promise(async () => (await import("@letterboxd-ratings/export")).letterboxdImport)
}

/**
 * @since 0.1.0
 * @category models
 */
export const formatNames: ReadonlyArray<string> = Object.keys(formats)

/**
 * The layout with this name, or `undefined`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const formatOf = (name: string): Effect.Effect<ExportFormat, InvalidSettings> | undefined =>
  Object.hasOwn(formats, name) ? formats[name] : undefined
