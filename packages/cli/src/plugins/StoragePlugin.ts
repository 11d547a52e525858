/**
 * What `lb` gives to a storage, and takes from it.
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
 * @since 0.1.0
 * @category models
 */
export const storageModule: ModuleKind<StorageLayer> = {
  name: "storage",
  takes: "{ folder, url, options }",
  gives: "RatingsStorage",
  isLayer: (value): value is StorageLayer => Layer.isLayer(value)
}
