/**
 * A folder as one process after the other opens it, and the files in it.
 */
export { batchOf, commitRest, history } from "@letterboxd-ratings/storage-testkit"
import { FileSystem, Path } from "@effect/platform"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { Film, type OpenDataset, type OpenMode, Rating, RatingsStorage, Username } from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { Effect, Layer, Schema } from "effect"
import { type Disk, makeDisk, processTable } from "./Disk.ts"

export const film = Schema.decodeUnknownSync(Film)
export const username = Schema.decodeUnknownSync(Username)
export const rating = Schema.decodeUnknownSync(Rating)

export interface Process {
  readonly pid?: number
  readonly running?: ReadonlyArray<number>
  readonly disk?: Disk
  readonly options?: Partial<CsvStorage.CsvStorageOptions>
}

/** Opens the folder as one process would, uses it, and lets go of it. */
export const withDataset = <A, E, R>(
  folder: string,
  mode: OpenMode,
  use: (dataset: OpenDataset) => Effect.Effect<A, E, R>,
  { disk = makeDisk(), options, pid = 1, running }: Process = {}
) =>
  Effect.gen(function*() {
    const storage = yield* RatingsStorage
    return yield* Effect.scoped(Effect.flatMap(storage.open(mode), use))
  }).pipe(
    Effect.provide(
      CsvStorage.layer({ folder, ...CsvStorage.defaults, ...options }).pipe(
        Layer.provide(Layer.mergeAll(disk.layer.pipe(Layer.provide(NodeFileSystem.layer)), NodePath.layer, processTable(pid, running)))
      )
    )
  )

/** What `lb verify` says of a folder. */
export const verify = (folder: string, repair = false) =>
  Effect.flatMap(RatingsStorage, (storage) => storage.verify({ repair })).pipe(
    Effect.provide(
      CsvStorage.layer({ folder, ...CsvStorage.defaults }).pipe(
        Layer.provide(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, processTable(1)))
      )
    )
  )

export const startNew: OpenMode = { _tag: "new", existing: "refuse" }
export const setAside: OpenMode = { _tag: "new", existing: "set-aside" }
export const goOn: OpenMode = { _tag: "continue" }

/** A folder that does not exist yet, in a temporary one that goes away with the scope. */
export const freshFolder = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* fs.makeTempDirectoryScoped(), "data")
})

/** The content of all files of a folder by name, in order; none where there is no folder. */
export const contentOf = (folder: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (!(yield* fs.exists(folder))) return {}
    const names = (yield* fs.readDirectory(folder)).toSorted()
    return Object.fromEntries(
      yield* Effect.forEach(names, (name) => Effect.map(fs.readFileString(path.join(folder, name)), (text) => [name, text] as const))
    )
  })
