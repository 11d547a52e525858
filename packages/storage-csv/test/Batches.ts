/**
 * A folder as one process after the other opens it, and the files in it.
 */
import { Film, type OpenDataset, type OpenMode, Username } from "@letterboxd-ratings/core"
import { CsvStorage } from "@letterboxd-ratings/storage-csv"
import { askStorage, type Process as AnyProcess, useDataset } from "@letterboxd-ratings/storage-testkit/folder"
import { type Effect, Schema } from "effect"

export { batchOf, commitRest, history } from "@letterboxd-ratings/storage-testkit"
export { contentOf, freshFolder, goOn, setAside, startNew } from "@letterboxd-ratings/storage-testkit/folder"

export const film = Schema.decodeUnknownSync(Film)
export const username = Schema.decodeUnknownSync(Username)

export interface Process extends AnyProcess {
  readonly options?: Partial<CsvStorage.CsvStorageOptions>
}

/** Opens the folder as one process would, uses it, and lets go of it. */
export const withDataset = <A, E, R>(
  folder: string,
  mode: OpenMode,
  use: (dataset: OpenDataset) => Effect.Effect<A, E, R>,
  { options, ...process }: Process = {}
) => useDataset(CsvStorage.layer({ folder, ...CsvStorage.defaults, ...options }), mode, use, process)

/** What `lb verify` says of a folder. */
export const verify = (folder: string, repair = false, process: AnyProcess = {}) =>
  askStorage(CsvStorage.layer({ folder, ...CsvStorage.defaults }), (storage) => storage.verify({ repair }), process)

/** The lock of a process that ended at work. */
export const leftLock = JSON.stringify({
  process: { pid: 77, host: "here", startedAt: 1 },
  since: "2026-01-01T00:00:00.000Z"
})
