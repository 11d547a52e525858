/**
 * What `lb` gives to a storage, and takes from it.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { ProcessTable, RatingsStorage, StorageError } from "@letterboxd-ratings/core"
import type { Layer, Redacted } from "effect"
import { nearest } from "../Nearest.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type StorageLayer = Layer.Layer<RatingsStorage, StorageError, FileSystem.FileSystem | Path.Path | ProcessTable>

/**
 * What a storage is given: the output folder, the address from `LB_STORAGE_URL`, and what `--storage-options` says.
 *
 * @since 0.1.0
 * @category models
 */
export interface StorageSettings {
  readonly folder: string
  readonly url: Redacted.Redacted | undefined
  readonly options: Readonly<Record<string, string>>
}

/**
 * The words for an option a storage does not have.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unknownOption = (storage: string, option: string, known: ReadonlyArray<string>): string =>
  `The storage ${storage} has no option "${option}". ${known.length === 0 ? "It has none" : `It knows: ${known.join(", ")}. Did you mean "${nearest(option, known)}"?`}`
