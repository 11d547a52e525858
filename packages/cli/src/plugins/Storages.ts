/**
 * The storages `lb` knows, each loaded only when it is asked for, and those that other modules bring. A further one is
 * one entry here.
 *
 * @since 0.1.0
 */
import { Effect, Redacted } from "effect"
import { InvalidSettings } from "../ExitCode.ts"
import { flagOf, type OptionKey } from "../options/OptionTable.ts"
import type { Settings } from "../options/Settings.ts"
import { isModule, loadModule, unknownName, unknownOption } from "./LoadedModule.ts"
import { type StorageLayer, storageModule, type StorageSettings } from "./StoragePlugin.ts"

/**
 * How a command uses a storage: with `memberFiles`, each member gets files of its own too, where the storage has files.
 *
 * @since 0.1.0
 * @category models
 */
export interface StorageUse {
  readonly memberFiles: boolean
}

/**
 * A storage of this project: whether it keeps files in the folder, which settings are its own, what of `--storage-options`
 * it knows, and how it is loaded.
 */
interface KnownStorage {
  readonly keepsFiles: boolean
  readonly settings: ReadonlyArray<StorageSetting>
  readonly options: ReadonlyArray<string>
  readonly load: (
    given: StorageSettings,
    settings: Settings,
    use: StorageUse
  ) => Effect.Effect<StorageLayer, InvalidSettings>
}

/** A setting that says something about some storages, and nothing about others; `files` stands in the configuration. */
type StorageSetting = "files" | OptionKey

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

/**
 * Loads what the package of a storage brings, which may be absent: its driver is somebody's choice.
 *
 * @since 0.1.0
 * @category constructors
 */
export const loaded = <M>(name: string, load: () => Promise<M>): Effect.Effect<M, InvalidSettings> =>
  Effect.tryPromise({
    try: load,
    catch: (cause) =>
      invalid(
        `The storage ${name} cannot be loaded (${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}). Install it with: npm install @letterboxd-ratings/storage-${name}`
      )
  })

const isPostgresAddress = (text: string): boolean => /^postgres(?:ql)?:\/\//u.test(text) && URL.canParse(text)

const storages: Readonly<Record<string, KnownStorage>> = {
  csv: {
    keepsFiles: true,
    settings: ["filmLabel", "versioned", "files"],
    options: [],
    load: ({ folder }, { files, filmLabel, versioned }, { memberFiles }) =>
      Effect.map(
        loaded("csv", () => import("@letterboxd-ratings/storage-csv")),
        ({ CsvStorage }) => CsvStorage.layer({ folder, files, filmLabel, versioned, memberFiles })
      )
  },
  sqlite: {
    keepsFiles: true,
    settings: [],
    options: ["file"],
    load: ({ folder, options: { file } }) =>
      Effect.map(
        loaded("sqlite", () => import("@letterboxd-ratings/storage-sqlite")),
        ({ SqliteStorage }) => SqliteStorage.layer({ folder, ...(file === undefined ? {} : { file }) })
      )
  },
  parquet: {
    keepsFiles: true,
    settings: [],
    options: ["compression"],
    load: ({ folder, options: { compression } }) =>
      Effect.map(
        loaded("parquet", () => import("@letterboxd-ratings/storage-parquet")),
        ({ ParquetStorage }) => ParquetStorage.layer({ folder, ...(compression === undefined ? {} : { compression }) })
      )
  },
  postgres: {
    keepsFiles: false,
    settings: [],
    options: ["schema"],
    load: ({ options: { schema }, url }, { intoUrl }) =>
      url === undefined
        ? invalid(
            "The storage postgres needs an address. Say it in the variable LB_STORAGE_URL: postgres://user:password@host:5432/database"
          )
        : !isPostgresAddress(Redacted.value(url))
          ? // The address may hold a password, so it is not shown.
            invalid(
              `${url === intoUrl ? "LB_INTO_URL" : "LB_STORAGE_URL"} must be an address such as postgres://user:password@host:5432/database; signs other than letters and digits in the password are written as %21, %40 and so on.`
            )
          : Effect.map(
              loaded("postgres", () => import("@letterboxd-ratings/storage-postgres")),
              ({ PostgresStorage }) => PostgresStorage.layer({ url, ...(schema === undefined ? {} : { schema }) })
            )
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export const storageNames: ReadonlyArray<string> = Object.keys(storages)

/**
 * Whether a storage keeps its datasets in files of the output folder. Of a module it is not known; it may.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keepsFiles = (name: string): boolean =>
  !Object.hasOwn(storages, name) || storages[name]?.keepsFiles === true

/** What was said, and how, that is a setting of other storages only; the names of these. */
const settingOfOthers = (
  name: string,
  { files, said }: Settings
): { readonly setting: string; readonly owners: ReadonlyArray<string> } | undefined => {
  const owned = new Set(Object.values(storages).flatMap(({ settings }) => settings))
  for (const key of owned) {
    const owners = storageNames.filter((one) => storages[one]?.settings.includes(key) === true)
    const isSaid = key === "files" ? Object.keys(files).length > 0 : said.has(key)
    if (!isSaid || owners.includes(name)) continue
    return {
      setting: key === "files" ? `"files" in the configuration` : (said.get(key) ?? `--${flagOf(key)}`),
      owners
    }
  }
  return undefined
}

/**
 * The storage the settings name: one of this project, or that of a module.
 *
 * @since 0.1.0
 * @category constructors
 */
export const storageOf = (
  settings: Settings,
  folder: string,
  use: StorageUse
): Effect.Effect<StorageLayer, InvalidSettings> => {
  const name = settings.storage
  const given: StorageSettings = { folder, url: settings.storageUrl, options: settings.storageOptions }
  const known = Object.hasOwn(storages, name) ? storages[name] : undefined
  const others = settingOfOthers(name, settings)
  if (others !== undefined) {
    return invalid(
      `${others.setting} goes with the storage ${others.owners.join(" or ")}, not with ${name}. Leave it out.`
    )
  }
  if (known === undefined) {
    if (isModule(name)) return loadModule(storageModule, name, given)
    return invalid(unknownName("storage", settings.said.get("storage") ?? "--storage", name, Object.keys(storages)))
  }
  const unknown = Object.keys(given.options).find((option) => !known.options.includes(option))
  if (unknown !== undefined) return invalid(unknownOption("storage", name, unknown, known.options))
  return known.load(given, settings, use)
}
