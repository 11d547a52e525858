/**
 * What a benchmark is.
 */
import type { FileSystem } from "@effect/platform"
import type { Effect, Scope } from "effect"
import type { Figure } from "./Figure.ts"
import type { StorageName } from "./intoAStorage.ts"

/**
 * How much is to be measured: the sizes of large datasets, the storages, and whether everything is. `attempt` measures what
 * others do not depend on: if it fails, that is told, and no figure comes of it.
 */
export interface Extent {
  readonly ratings: ReadonlyArray<number>
  readonly storages: ReadonlyArray<StorageName>
  readonly isFull: boolean
  readonly attempt: <R>(
    name: string,
    figures: Effect.Effect<ReadonlyArray<Figure>, Error, R>
  ) => Effect.Effect<ReadonlyArray<Figure>, never, R>
}

/** `isShort`: it is run unless others are asked for by name. */
export interface Benchmark {
  readonly about: string
  readonly isShort: boolean
  readonly figures: (extent: Extent) => Effect.Effect<ReadonlyArray<Figure>, Error, FileSystem.FileSystem | Scope.Scope>
}
