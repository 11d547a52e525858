/**
 * The value of each option: a flag overrides a variable, a variable the configuration file, the file the default.
 *
 * @since 0.1.0
 */
import { type FileSystem, Path } from "@effect/platform"
import type { FileNames } from "@letterboxd-ratings/storage-csv/file-names"
import { DateTime, Effect, Either, Redacted } from "effect"
import { Environment } from "../Environment.ts"
import { InvalidSettings } from "../ExitCode.ts"
import { didYouMean } from "../Nearest.ts"
import { isModule } from "../plugins/LoadedModule.ts"
import { Screen } from "../Screen.ts"
import { shown } from "../Shown.ts"
import { configFileName, readConfigFile } from "./ConfigFile.ts"
import {
  exportOptions,
  flagOf,
  optionKeys,
  type OptionKey,
  type OptionSpec,
  optionTable,
  type OptionValues,
  variableOf
} from "./OptionTable.ts"

/**
 * The flags of the command line as texts; a flag that was not given is absent.
 *
 * @since 0.1.0
 * @category models
 */
export type Flags = Readonly<Partial<Record<OptionKey, string>>>

/**
 * The values of the options, and the file names from the configuration file. `said` has the origin of each value that is
 * not a default. `timestamp` is the time in `SOURCE_DATE_EPOCH` (seconds since 1970). It is written into the files instead
 * of the real time, so that two runs give the same bytes. `storageUrl` is the URL of a database, `intoUrl` the one to export
 * to if it is different. Both come from variables only: they may hold a password, and other users can see command lines.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings extends OptionValues {
  readonly files: Partial<FileNames>
  readonly said: ReadonlyMap<OptionKey, string>
  readonly timestamp: DateTime.Utc | undefined
  readonly storageUrl: Redacted.Redacted | undefined
  readonly intoUrl: Redacted.Redacted | undefined
}

/** Variables without a flag. */
const storageUrlVariable = "LB_STORAGE_URL"
const intoUrlVariable = "LB_INTO_URL"

const redacted = (text: string | undefined): Redacted.Redacted | undefined =>
  text === undefined || text === "" ? undefined : Redacted.make(text)

/**
 * Finds the value of each option. Reports all problems at once, each with its place.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolveSettings = (
  flags: Flags
): Effect.Effect<Settings, InvalidSettings, Environment | FileSystem.FileSystem | Path.Path | Screen> =>
  Effect.gen(function* () {
    const { variables } = yield* Environment
    const path = yield* Path.Path
    const screen = yield* Screen
    const askedFor = flags.config ?? variables[variableOf("config")]
    const file = yield* readConfigFile(path.resolve(askedFor ?? configFileName), askedFor !== undefined)

    for (const name of Object.keys(variables)) {
      const known = [...optionKeys.map(variableOf), storageUrlVariable, intoUrlVariable]
      if (name.startsWith("LB_") && !known.includes(name)) {
        yield* screen.err(
          `Warning: the variable ${shown(name)} is unknown and has no effect.${didYouMean(name, known, (one) => one)}\n`
        )
      }
    }

    const problems: Array<string> = []
    const said = new Map<OptionKey, string>()
    const value = <A>(key: OptionKey, spec: OptionSpec<A>): A => {
      const places: ReadonlyArray<readonly [string, string | undefined]> = [
        [`--${flagOf(key)}`, flags[key]],
        [variableOf(key), variables[variableOf(key)] === "" ? undefined : variables[variableOf(key)]],
        [`"${key}" in ${file.path}`, file.texts[key]]
      ]
      for (const [place, text] of places) {
        if (text === undefined) continue
        said.set(key, place)
        const read = spec.read(text)
        if (Either.isRight(read)) return read.right
        problems.push(`${place} ${read.left}${spec.isShowable(text) ? `, not ${shown(text)}` : ""}.`)
        return spec.fallback
      }
      return spec.fallback
    }
    const t = optionTable
    const settings: Settings = {
      mode: value("mode", t.mode),
      batches: value("batches", t.batches),
      batchSize: value("batchSize", t.batchSize),
      source: value("source", t.source),
      sourceOptions: value("sourceOptions", t.sourceOptions),
      storage: value("storage", t.storage),
      storageOptions: value("storageOptions", t.storageOptions),
      storageUrl: redacted(variables[storageUrlVariable]),
      intoUrl: redacted(variables[intoUrlVariable]),
      from: value("from", t.from),
      to: value("to", t.to),
      into: value("into", t.into),
      intoOptions: value("intoOptions", t.intoOptions),
      input: value("input", t.input),
      failed: value("failed", t.failed),
      via: value("via", t.via),
      olderThan: value("olderThan", t.olderThan),
      asOf: value("asOf", t.asOf),
      timestamps: value("timestamps", t.timestamps),
      minUserRatings: value("minUserRatings", t.minUserRatings),
      minFilmRatings: value("minFilmRatings", t.minFilmRatings),
      split: value("split", t.split),
      seed: value("seed", t.seed),
      contiguous: value("contiguous", t.contiguous),
      anonymise: value("anonymise", t.anonymise),
      salt: value("salt", t.salt),
      outFile: value("outFile", t.outFile),
      member: value("member", t.member),
      out: value("out", t.out),
      testMode: value("testMode", t.testMode),
      versioned: value("versioned", t.versioned),
      filmLabel: value("filmLabel", t.filmLabel),
      concurrency: value("concurrency", t.concurrency),
      rate: value("rate", t.rate),
      maxRetries: value("maxRetries", t.maxRetries),
      timeout: value("timeout", t.timeout),
      maxRequests: value("maxRequests", t.maxRequests),
      maxTime: value("maxTime", t.maxTime),
      baseUrl: value("baseUrl", t.baseUrl),
      listing: value("listing", t.listing),
      membersList: value("membersList", t.membersList),
      skip: value("skip", t.skip),
      keep: value("keep", t.keep),
      record: value("record", t.record),
      as: value("as", t.as),
      format: value("format", t.format),
      resultFormat: value("resultFormat", t.resultFormat),
      columns: value("columns", t.columns),
      films: value("films", t.films),
      dryRun: value("dryRun", t.dryRun),
      userAgent: value("userAgent", t.userAgent),
      ignoreRobots: value("ignoreRobots", t.ignoreRobots),
      json: value("json", t.json),
      quiet: value("quiet", t.quiet),
      ui: value("ui", t.ui),
      uiPort: value("uiPort", t.uiPort),
      yes: value("yes", t.yes),
      config: value("config", t.config),
      files: file.files,
      said,
      timestamp: timestampFrom(variables["SOURCE_DATE_EPOCH"], problems)
    }
    return problems.length > 0 ? yield* new InvalidSettings({ problems }) : settings
  })

const timestampFrom = (text: string | undefined, problems: Array<string>): DateTime.Utc | undefined => {
  if (text === undefined || text === "") return undefined
  if (/^\d{1,11}$/u.test(text)) return DateTime.unsafeMake(Number(text) * 1000)
  problems.push(`SOURCE_DATE_EPOCH must be a number of seconds since 1970, not ${shown(text)}.`)
  return undefined
}

/**
 * The name of a folder without trailing slashes, so that a suffix can be added.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutEndSlashes = (folder: string): string => folder.replace(/(?<=[^/])\/+$/u, "").replace(/^\/+$/u, "/")

/**
 * The folder of the dataset, without a trailing slash. With `--test-mode`, never the real one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const folderOf = (settings: Settings): Effect.Effect<string, never, Path.Path> =>
  Effect.map(Path.Path, (path) =>
    settings.testMode
      ? settings.out === undefined
        ? "test_output"
        : path.join(settings.out, "test")
      : withoutEndSlashes(settings.out ?? "data_output")
  )

type Variables = Environment["Type"]["variables"]

const datasetKeys: ReadonlyArray<OptionKey> = ["storage", "storageOptions", "out", "testMode", "config"]
const sourceKeys: ReadonlyArray<OptionKey> = [
  "source",
  "sourceOptions",
  "filmLabel",
  "rate",
  "baseUrl",
  "listing",
  "membersList",
  "userAgent",
  "ignoreRobots"
]

/**
 * The options that say which data a command reads, how, and where it goes. A command to paste repeats them if they come
 * from variables: another shell does not have these.
 */
const repeatedBy: Readonly<Record<string, ReadonlyArray<OptionKey>>> = {
  run: [...sourceKeys, ...datasetKeys],
  user: [...sourceKeys.filter((key) => key !== "membersList"), ...datasetKeys],
  refresh: [...sourceKeys, ...datasetKeys],
  import: [...datasetKeys, "filmLabel", "baseUrl", "as", "format", "columns", "films"],
  // A salt is a secret.
  export: [...datasetKeys, "filmLabel", "films", ...[...exportOptions].filter((key) => key !== "salt")],
  report: [...datasetKeys, "member", "outFile", "anonymise"]
}

/**
 * The option that names the source or storage whose options an option has. Those of a module may hold a secret.
 *
 * @since 0.1.0
 * @category models
 */
export const ownerOf: Readonly<Partial<Record<OptionKey, OptionKey>>> = {
  sourceOptions: "source",
  storageOptions: "storage",
  intoOptions: "to"
}

/**
 * The flags of a command, and the values that it gets from variables instead, as flags. Leaves out what may be a secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withVariables = (command: string, flags: Flags, variables: Variables): Flags => {
  const all: Partial<Record<OptionKey, string>> = {}
  const textOf = (key: OptionKey) => flags[key] ?? (variables[variableOf(key)] || undefined)
  for (const key of repeatedBy[command] ?? datasetKeys) {
    const text = textOf(key)
    const { isShowable, isSwitch } = optionTable[key]
    const owner = ownerOf[key]
    if (text === undefined || !isShowable(text)) continue
    if (owner !== undefined && isModule(textOf(owner) ?? "")) continue
    if (!isSwitch) all[key] = text
    else if (text === "true" || text === "1") all[key] = "true"
  }
  if (command !== "export") return { ...all, ...flags }
  const { storage, ...others } = all
  return { ...(storage === undefined ? {} : { from: storage }), ...others, ...flags }
}

/** How the user starts `lb`, as far as the variables of npm and pnpm show it. */
const launcher = (variables: Variables): string => {
  const agent = variables["npm_config_user_agent"] ?? ""
  const pnpm = /^pnpm\/(?<version>\d[\w.-]*)/u.exec(agent)
  // npx sets these for the program it starts, and `pnpm exec` passes them on.
  const started = variables["npm_lifecycle_event"] === "npx" ? (variables["npm_lifecycle_script"] ?? "") : ""
  if (pnpm === null) return agent.startsWith("npm/") && /^["']?lb\b/u.test(started) ? "npx lb" : "lb"
  const isByNpx = /^["']?pnpm\b/u.test(started)
  return isByNpx ? `npx -y pnpm@${pnpm.groups?.["version"] ?? "10"} lb` : "pnpm lb"
}

/**
 * A command to paste into a shell: `command`, started the way this process was, and all flags except `leftOut`. Variables
 * that say which data is meant become flags.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pasteable = (
  command: string,
  flags: Flags,
  leftOut: ReadonlyArray<OptionKey>
): Effect.Effect<string, never, Environment> =>
  Effect.flatMap(Environment, ({ variables }) =>
    typed(command, withVariables(command.split(" ", 1)[0] ?? "", flags, variables), leftOut)
  )

/**
 * A command to paste into a shell, with exactly these flags except `leftOut`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const typed = (
  command: string,
  flags: Flags,
  leftOut: ReadonlyArray<OptionKey> = []
): Effect.Effect<string, never, Environment> =>
  Effect.map(Environment, ({ variables }) => `${launcher(variables)} ${withFlags(command, flags, leftOut)}`)

const withFlags = (command: string, flags: Flags, leftOut: ReadonlyArray<OptionKey>): string => {
  const parts = [command]
  for (const key of optionKeys) {
    const text = flags[key]
    if (text === undefined || leftOut.includes(key)) continue
    parts.push(
      optionTable[key].isSwitch && text === "true"
        ? `--${flagOf(key)}`
        : optionTable[key].isSwitch
          ? `--${flagOf(key)}=${quoted(text)}`
          : `--${flagOf(key)} ${quoted(text)}`
    )
  }
  return parts.join(" ")
}

const hexBytes = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => String.raw`\x${byte.toString(16).padStart(2, "0")}`).join("")

/**
 * A word as a shell takes it: nothing in it is run or expanded. Control and invisible characters are written as numbers
 * (`$'a\x1b'`), so that the word is safe to show on a terminal.
 *
 * @since 0.1.0
 * @category constructors
 */
export const quoted = (text: string): string => {
  if (/^[\w./:@%+=,-]+$/u.test(text)) return text
  if (!/\p{C}/u.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`
  return `$'${text.replaceAll(/[\\']/gu, String.raw`\$&`).replaceAll(/\p{C}/gu, hexBytes)}'`
}
