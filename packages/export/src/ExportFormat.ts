/**
 * What a layout of files has to be able to do.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import type { Effect } from "effect"
import type { ExportedDataset } from "./ExportedDataset.ts"
import type { ExportedFile } from "./ExportedFile.ts"

/**
 * A layout of files. `write` fills an empty folder and tells which files it wrote; the first of them holds the ratings,
 * a row each. `notes` are sentences for the data card about what the columns mean.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportFormat {
  readonly name: string
  readonly notes: ReadonlyArray<string>
  readonly write: (
    folder: string,
    dataset: ExportedDataset
  ) => Effect.Effect<ReadonlyArray<ExportedFile>, StorageError, FileSystem.FileSystem | Path.Path>
}
