/**
 * What the user can do about an error of a storage.
 *
 * @since 0.1.0
 */
import type { Remedy, StorageError } from "@letterboxd-ratings/core"
import { Effect, Match } from "effect"
import { flagOf, isDatasetOption, optionKeys } from "./options/OptionTable.ts"
import { Environment } from "./Environment.ts"
import { type Flags, typed, withVariables } from "./options/Settings.ts"
import { shown } from "./Shown.ts"

/**
 * The command that failed: its name, and its flags as given. `into` is where an export goes, if the error is about the
 * target of an export and not about its origin.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failed {
  readonly command:
    | "run"
    | "user"
    | "status"
    | "verify"
    | "export"
    | "doctor"
    | "import"
    | "log"
    | "refresh"
    | "forget"
    | "rename"
    | "report"
    | "inspect"
    | "query"
  readonly flags: Flags
  readonly into?: string
}

/** What the command calls the options of the dataset that the error is about. */
const namesOf = ({ command, into }: Failed) =>
  into !== undefined
    ? { folder: "--into", storage: "--to", options: "--into-options" }
    : { folder: "--out", storage: command === "export" ? "--from" : "--storage", options: "--storage-options" }

/** The flags with which other commands find the dataset that the error is about. */
const datasetFlags = ({ command, flags, into }: Failed): Flags => {
  const named: Flags = Object.fromEntries(
    Object.entries(flags).filter(([key]) =>
      optionKeys.some((one) => one === key && isDatasetOption(one) && one !== "json")
    )
  )
  if (command !== "export") return named
  const { config, from, intoOptions, to } = flags
  if (into === undefined) return { ...named, ...(from === undefined ? {} : { storage: from }) }
  return {
    ...(to === undefined ? {} : { storage: to }),
    ...(intoOptions === undefined ? {} : { storageOptions: intoOptions }),
    out: into,
    ...(config === undefined ? {} : { config })
  }
}

/** A value that a shell can take as it is, or in quotes. */
const valueOf = (text: string): string => (/^[\w./:@%+=,-]+$/u.test(text) ? text : shown(text))

const adviceOn = (failed: Failed): ((remedy: Remedy) => Effect.Effect<string, never, Environment>) => {
  const names = namesOf(failed)
  const isRun = failed.command === "run"
  const command = (words: string) =>
    Effect.flatMap(Environment, ({ variables }) => {
      const dataset = datasetFlags({ ...failed, flags: withVariables(failed.command, failed.flags, variables) })
      if (!words.startsWith("run")) return typed(words, dataset)
      // What says where members come from, of the variables of a run.
      const ofRun = Object.entries(withVariables("run", {}, variables)).filter(
        ([key]) => !optionKeys.some((one) => one === key && isDatasetOption(one))
      )
      return typed(words, { ...Object.fromEntries(ofRun), ...dataset })
    })
  return Match.type<Remedy>().pipe(
    Match.tagsExhaustive({
      StartNew: () =>
        isRun
          ? Effect.succeed("Start one with --mode new.")
          : Effect.map(command("run --mode new"), (words) => `Start one with: ${words}`),
      Continue: () =>
        isRun
          ? Effect.succeed("Continue it with --mode continue.")
          : Effect.map(command("run --mode continue"), (words) => `Continue it with: ${words}`),
      SetAside: () =>
        Effect.succeed(
          failed.into === undefined
            ? `Continue it (--mode continue), choose another place (${names.folder}), or move it aside (--yes).`
            : `Choose another place (${names.folder}), or move it aside (--yes).`
        ),
      ChoosePlace: () => Effect.succeed(`Choose another place (${names.folder}).`),
      UseStorage: ({ storage }) =>
        Effect.succeed(`Use ${names.storage} ${valueOf(storage)}, or choose another place (${names.folder}).`),
      UseFolder: ({ folder }) => Effect.succeed(`Use ${names.folder} ${valueOf(folder)}.`),
      UseOption: ({ option, value }) => {
        const key = optionKeys.find((one) => one === option)
        const words =
          key === undefined ? `${names.options} ${option}=${valueOf(value)}` : `--${flagOf(key)} ${valueOf(value)}`
        return Effect.succeed(`Use ${words}, or start a new dataset elsewhere.`)
      },
      NameFiles: () =>
        Effect.succeed(
          `If these files are a dataset, set its storage (${names.storage}), their names ("files" in lb.config.json) or its folder (${names.folder}).${
            isRun ? " --mode new starts another dataset and does not read them." : ""
          }`
        ),
      Verify: () => Effect.map(command("verify"), (words) => `For details: ${words}`),
      Repair: () =>
        Effect.map(command("verify --repair"), (words) => `To repair it and keep a copy of what changes: ${words}`),
      CorrectAddress: () =>
        Effect.succeed(`Correct the URL in ${failed.into === undefined ? "LB_STORAGE_URL" : "LB_INTO_URL"}.`)
    })
  )
}

/**
 * What happened, and what to type next.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withAdvice = (error: StorageError, failed: Failed): Effect.Effect<string, never, Environment> =>
  error.remedy === undefined
    ? Effect.succeed(`${error.message}.`)
    : Effect.map(adviceOn(failed)(error.remedy), (advice) => `${error.message}. ${advice}`)
