/**
 * What a folder without a dataset of ours holds, so that nobody is led away from data that is there.
 */
import { FileSystem, Path } from "@effect/platform"
import type { ProcessTable, Remedy, StorageError } from "@letterboxd-ratings/core"
import { lockState, manifestName } from "@letterboxd-ratings/storage-folder"
import { Effect } from "effect"
import { type FileNames, memberRecordsName } from "./FileNames.ts"
import { shown } from "./ForeignTable.ts"
import { findOriginalFiles } from "./OriginalFiles.ts"
import { about, storageError } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/** What files of data end with. */
const dataFile = /\.(?:csv|tsv|txt|xlsx?|ods|parquet|sqlite|db|jsonl?|zip)$/iu

/** So many files are named, of so many that are looked at. */
const mostNamed = 5
const mostLookedAt = 10_000

/** The files of data in a folder and the folders in it. What cannot be read is passed over: this only helps a message. */
const dataFilesIn = (folder: string): Effect.Effect<ReadonlyArray<string>, never, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const found: Array<string> = []
    const names = (yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])).toSorted()
    for (const name of names.slice(0, mostLookedAt)) {
      if (dataFile.test(name)) found.push(name)
      else if (!name.startsWith(".")) {
        const within = (yield* Effect.orElseSucceed(fs.readDirectory(path.join(folder, name)), () => [])).toSorted()
        found.push(
          ...within
            .slice(0, mostLookedAt)
            .filter((inner) => dataFile.test(inner))
            .map((inner) => `${name}/${inner}`)
        )
      }
      if (found.length > mostLookedAt) break
    }
    return found
  })

/** Fails with `Damaged` where a dataset of ours lost its manifest: the records of members tell that it had one. */
export const checkNotLost = (folder: string): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const records = path.join(folder, memberRecordsName)
    if (yield* about(records)(fs.exists(records))) {
      return yield* storageError(
        "Damaged",
        path.join(folder, manifestName),
        `the file is missing, and ${memberRecordsName} shows that this dataset had one. Nothing was written. Restore it from a copy`
      )
    }
  })

/** Fails because there is no dataset of ours, and says what is there instead and what to do about it. */
export const nothingThere = (
  folder: string,
  names: FileNames
): Effect.Effect<never, StorageError, Files | ProcessTable> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const none = (detail: string, remedy?: Remedy) =>
      Effect.fail(storageError("NothingThere", folder, detail, remedy === undefined ? {} : { remedy }))
    const original = Object.values(yield* findOriginalFiles(folder, names)).flat()
    if (original.length > 0) {
      yield* checkNotLost(folder)
      return yield* none(
        `these are files of the original tool (${original.map((place) => path.relative(folder, place)).join(", ")}). Whoever goes on with this folder takes them over, with every id`,
        { _tag: "Continue" }
      )
    }
    if ((yield* lockState(folder))?.isHeld === true) {
      return yield* storageError(
        "Locked",
        folder,
        "another process makes a dataset here, and has committed nothing yet"
      )
    }
    const seen = yield* dataFilesIn(folder)
    if (seen.length === 0) return yield* none("no dataset here", { _tag: "StartNew" })
    if (seen.includes("ratings.sqlite")) {
      return yield* none("no dataset of CSV files here, but ratings.sqlite", { _tag: "UseStorage", storage: "sqlite" })
    }
    const list = `${seen.slice(0, mostNamed).map(shown).join(", ")}${seen.length > mostNamed ? ` and ${seen.length - mostNamed} more` : ""}`
    const inner = seen.find((name) => name.endsWith("/manifest.json"))
    return yield* inner === undefined
      ? none(`no dataset that this program knows here, but other files: ${list}`, { _tag: "NameFiles" })
      : none("no dataset in the folder itself, but one within it", {
          _tag: "UseFolder",
          folder: path.join(folder, path.dirname(inner))
        })
  })
