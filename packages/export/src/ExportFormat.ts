/**
 * The interface of a layout of files.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import type { Effect } from "effect"
import type { ExportedDataset } from "./ExportedDataset.ts"
import type { ExportedFile } from "./ExportedFile.ts"
import type { Timestamps } from "./RatingTimes.ts"

/**
 * A layout of files. `write` fills an empty folder and returns the files it wrote; the first one has the ratings, one per
 * row, or, if the dataset is in parts, the first ones have those of its parts, in their order. `notes` are sentences for the
 * data card that explain the columns. `timestamps` says which times a layout with a column for times writes, `hasIndexes`
 * whether ids are `indexes` of the dataset. `canHaveIndexes` says that the layout writes them, `needsValidation` that its
 * readers expect a part for validation if there are parts.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportFormat {
  readonly name: string
  readonly canHaveIndexes?: boolean
  readonly needsValidation?: boolean
  readonly notes: (timestamps: Timestamps, hasIndexes: boolean) => ReadonlyArray<string>
  readonly write: (
    folder: string,
    dataset: ExportedDataset,
    timestamps: Timestamps
  ) => Effect.Effect<ReadonlyArray<ExportedFile>, StorageError, FileSystem.FileSystem | Path.Path>
}
