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
 * A file that repeats the data card as a site for datasets reads it. It is not listed in the card, which it contains.
 *
 * @since 0.1.0
 * @category models
 */
export interface CardCopy {
  readonly name: string
  readonly text: string
}

/**
 * A layout of files. `write` fills an empty folder and returns the files it wrote. All together have each rating once
 * (`ratings` of `ExportedFile`); if the dataset is in parts, the first ones have those of its parts, in their order. `notes`
 * are sentences for the data card that explain the columns. `timestamps` says which times a layout with a column for times
 * writes, `hasIndexes` whether ids are `indexes` of the dataset. `copiesOfCard` makes more files of the finished card.
 *
 * - `isOfOneMember`: the layout is for the ratings of one member.
 * - `canHaveIndexes`: it writes indexes.
 * - `needsValidation`: its readers expect a part for validation if there are parts.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportFormat {
  readonly name: string
  readonly isOfOneMember?: boolean
  readonly canHaveIndexes?: boolean
  readonly needsValidation?: boolean
  readonly notes: (timestamps: Timestamps, hasIndexes: boolean) => ReadonlyArray<string>
  readonly write: (
    folder: string,
    dataset: ExportedDataset,
    timestamps: Timestamps
  ) => Effect.Effect<ReadonlyArray<ExportedFile>, StorageError, FileSystem.FileSystem | Path.Path>
  readonly copiesOfCard?: (
    card: string,
    files: ReadonlyArray<ExportedFile>,
    dataset: ExportedDataset
  ) => ReadonlyArray<CardCopy>
}
