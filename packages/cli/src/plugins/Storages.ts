/**
 * The storages `lb` knows, each loaded only when it is asked for. A further one is one line here.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { ProcessTable, RatingsStorage } from "@letterboxd-ratings/core"
import { Effect, type Layer } from "effect"
import { InvalidSettings } from "../ExitCode.ts"
import { nearest } from "../Nearest.ts"
import type { Settings } from "../options/Settings.ts"

type StorageLayer = Layer.Layer<RatingsStorage, never, FileSystem.FileSystem | Path.Path | ProcessTable>

/**
 * How a command uses a storage: with `memberFiles`, each member gets files of its own too.
 *
 * @since 0.1.0
 * @category models
 */
export interface StorageUse {
  readonly memberFiles: boolean
}

const storages: Readonly<Record<string, (settings: Settings, folder: string, how: StorageUse) => Effect.Effect<StorageLayer>>> = {
  csv: (settings, folder, { memberFiles }) =>
    Effect.map(Effect.promise(() => import("@letterboxd-ratings/storage-csv")), ({ CsvStorage }) =>
      CsvStorage.layer({
        folder,
        files: settings.files,
        filmLabel: settings.filmLabel,
        versioned: settings.versioned,
        memberFiles
      }))
}

/**
 * The storage the settings name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const storageOf = (settings: Settings, folder: string, how: StorageUse): Effect.Effect<StorageLayer, InvalidSettings> => {
  const known = Object.keys(storages)
  const load = Object.hasOwn(storages, settings.storage) ? storages[settings.storage] : undefined
  return load === undefined
    ? Effect.fail(
      new InvalidSettings({
        problems: [
          `${settings.said.get("storage") ?? "--storage"} is "${settings.storage}", which is not a storage. Known: ${known.join(", ")}. Did you mean "${nearest(settings.storage, known)}"?`
        ]
      })
    )
    : load(settings, folder, how)
}
