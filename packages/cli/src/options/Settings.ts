/**
 * What holds: flag before variable before configuration file before default.
 *
 * @since 0.1.0
 */
import { type FileSystem, Path } from "@effect/platform"
import type { FileNames } from "@letterboxd-ratings/storage-csv/file-names"
import { Context, DateTime, Effect, Either, Redacted } from "effect"
import { InvalidSettings } from "../ExitCode.ts"
import { nearest } from "../Nearest.ts"
import { Screen } from "../Screen.ts"
import { shown } from "../Shown.ts"
import { configFileName, readConfigFile } from "./ConfigFile.ts"
import {
  flagOf,
  optionKeys,
  type OptionKey,
  type OptionSpec,
  optionTable,
  type OptionValues,
  variableOf
} from "./OptionTable.ts"

/**
 * What the process was started with.
 *
 * @since 0.1.0
 * @category services
 */
export class Environment extends Context.Tag("@letterboxd-ratings/cli/Environment")<
  Environment,
  { readonly variables: Readonly<Record<string, string | undefined>> }
>() {}

/**
 * The flags as they stood on the command line: their texts, absent where they did not stand there.
 *
 * @since 0.1.0
 * @category models
 */
export type Flags = Readonly<Partial<Record<OptionKey, string>>>

/**
 * The options' values with the names of files from the configuration file. `said` tells where each value that is not
 * a default came from. `timestamp` is the time `SOURCE_DATE_EPOCH` names (in seconds since 1970), which is written
 * into the files instead of the real one, so that two runs give the same bytes. `storageUrl` is the address of a
 * database, `intoUrl` of the one an export goes to where that is another; they come from variables only, since they may
 * hold a password, and command lines are seen by others.
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

/** Variables that are no options of the command line. */
const storageUrlVariable = "LB_STORAGE_URL"
const intoUrlVariable = "LB_INTO_URL"

const redacted = (text: string | undefined): Redacted.Redacted | undefined =>
  text === undefined || text === "" ? undefined : Redacted.make(text)

/**
 * Finds what holds for each option. All that is wrong is told at once, with where it stands.
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
          `The variable ${shown(name)} is not known and does nothing. Did you mean ${nearest(name, known)}?\n`
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
        problems.push(`${place} ${read.left}${spec.isShowable(text) ? `, but it is ${shown(text)}` : ""}.`)
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
      anonymise: value("anonymise", t.anonymise),
      salt: value("salt", t.salt),
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
      userAgent: value("userAgent", t.userAgent),
      ignoreRobots: value("ignoreRobots", t.ignoreRobots),
      json: value("json", t.json),
      quiet: value("quiet", t.quiet),
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
  problems.push(`SOURCE_DATE_EPOCH must be a number of seconds since 1970, but it is ${shown(text)}.`)
  return undefined
}

/**
 * The name of a folder without slashes at its end, so that names can be made by putting words behind it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutEndSlashes = (folder: string): string => folder.replace(/(?<=[^/])\/+$/u, "").replace(/^\/+$/u, "/")

/**
 * The folder of the dataset, without a slash at its end: with `--test-mode` never the real one.
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

/**
 * A command with the flags it was given, for people to paste: `command`, then all flags but those that are left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pasteable = (command: string, flags: Flags, leftOut: ReadonlyArray<OptionKey>): string => {
  const parts = [`pnpm lb ${command}`]
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

const quoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
