/**
 * The built-in storages of `lb`, each loaded on demand, and storages from modules. To add a storage, add an entry here.
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
 * How a command uses a storage. With `memberFiles`, a storage of files also writes separate files for each member.
 * `isTarget` is the storage that an export writes to.
 *
 * @since 0.1.0
 * @category models
 */
export interface StorageUse {
  readonly memberFiles: boolean
  readonly isTarget?: boolean
}

/**
 * A storage of this project: whether it keeps files in the folder, which settings only it uses, its `--storage-options`,
 * and how to load it.
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

/** A setting that only some storages use. `files` is in the configuration file. */
type StorageSetting = "files" | OptionKey

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

/**
 * Loads the package of a storage. It is optional, and may not be installed. `what` begins the message that says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const loaded = <M>(
  name: string,
  load: () => Promise<M>,
  what = `The storage ${name}`
): Effect.Effect<M, InvalidSettings> =>
  Effect.tryPromise({
    try: load,
    catch: (cause) =>
      invalid(
        `${what} cannot be loaded (${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}). Install it with: npm install @letterboxd-ratings/storage-${name}`
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
    load: ({ options: { schema }, url }, { intoUrl }, { isTarget = false }) =>
      url === undefined
        ? invalid(
            `The storage postgres needs a URL. Set ${isTarget ? "LB_INTO_URL" : "LB_STORAGE_URL"} to postgres://user:password@host:5432/database.`
          )
        : !isPostgresAddress(Redacted.value(url))
          ? // The address may hold a password, so it is not shown.
            invalid(
              `${url === intoUrl ? "LB_INTO_URL" : "LB_STORAGE_URL"} must be a URL such as postgres://user:password@host:5432/database. Percent-encode special characters in the password (%21 for !, %40 for @).`
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
 * Whether a storage keeps its datasets as files in the output folder. A module may.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keepsFiles = (name: string): boolean =>
  !Object.hasOwn(storages, name) || storages[name]?.keepsFiles === true

/** A setting that was given but belongs to other storages only, and the names of these storages. */
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
      setting: key === "files" ? `"files" in lb.config.json` : (said.get(key) ?? `--${flagOf(key)}`),
      owners
    }
  }
  return undefined
}

/**
 * The storage named in the settings: a built-in one, or a module.
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
    return invalid(`${others.setting} is for the storage ${others.owners.join(" or ")}, not for ${name}. Remove it.`)
  }
  if (known === undefined) {
    if (isModule(name)) return loadModule(storageModule, name, given)
    return invalid(unknownName("storage", settings.said.get("storage") ?? "--storage", name, Object.keys(storages)))
  }
  const unknown = Object.keys(given.options).find((option) => !known.options.includes(option))
  if (unknown !== undefined) return invalid(unknownOption("storage", name, unknown, known.options))
  return known.load(given, settings, use)
}
