/**
 * The contract between `lb` and a source.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { RatingsSource, SourceError } from "@letterboxd-ratings/core"
import type { FeedReader } from "@letterboxd-ratings/letterboxd-source"
import { Layer } from "effect"
import type { OptionKey } from "../options/OptionTable.ts"
import type { Settings } from "../options/Settings.ts"
import type { ModuleKind } from "./LoadedModule.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type SourceLayer = Layer.Layer<RatingsSource, SourceError, FileSystem.FileSystem | Path.Path>

/**
 * @since 0.1.0
 * @category models
 */
export type FeedsLayer = Layer.Layer<FeedReader.FeedReader, SourceError, FileSystem.FileSystem | Path.Path>

/**
 * A module that is a source. Its layer gets the `--source-options`, and how many requests may be in progress at the same
 * time.
 *
 * @since 0.1.0
 * @category models
 */
export const sourceModule: ModuleKind<SourceLayer> = {
  name: "source",
  takes: "{ options, concurrency }",
  gives: "RatingsSource",
  isLayer: (value): value is SourceLayer => Layer.isLayer(value)
}

/**
 * How a command uses a source: for a run, or only to check whether it can be read, without long waits.
 *
 * @since 0.1.0
 * @category models
 */
export type SourceUse = "examination" | "run"

/**
 * A source of this project. `feeds` reads the feeds of its members. `takes` lists options that not every source has. `notices` are lines to show before reading from
 * it with these settings.
 *
 * @since 0.1.0
 * @category models
 */
export interface SourcePlugin {
  readonly layer: (settings: Settings, use: SourceUse) => SourceLayer
  readonly feeds: (settings: Settings) => FeedsLayer
  readonly takes: ReadonlyArray<OptionKey>
  readonly notices: (settings: Settings) => ReadonlyArray<string>
}
