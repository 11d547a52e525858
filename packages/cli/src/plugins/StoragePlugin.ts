/**
 * The contract between `lb` and a storage.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { ProcessTable, RatingsStorage, StorageError } from "@letterboxd-ratings/core"
import { Layer, type Redacted } from "effect"
import type { ModuleKind } from "./LoadedModule.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type StorageLayer = Layer.Layer<RatingsStorage, StorageError, FileSystem.FileSystem | Path.Path | ProcessTable>

/**
 * The settings of a storage: the output folder, the URL from `LB_STORAGE_URL`, and the `--storage-options`.
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
 * @since 0.1.0
 * @category models
 */
export const storageModule: ModuleKind<StorageLayer> = {
  name: "storage",
  takes: "{ folder, url, options }",
  gives: "RatingsStorage",
  isLayer: (value): value is StorageLayer => Layer.isLayer(value)
}
