/**
 * `lb init`: a configuration file with comments.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { Effect, Either } from "effect"
import { endWith, endWithInvalid } from "../CommandEnding.ts"
import { InvalidSettings } from "../ExitCode.ts"
import { didYouMean } from "../Nearest.ts"
import { configFileName } from "../options/ConfigFile.ts"
import { type OptionKey, optionTable, variableOf } from "../options/OptionTable.ts"
import { Environment } from "../Environment.ts"
import { type Flags, typed } from "../options/Settings.ts"
import { isModule } from "../plugins/LoadedModule.ts"
import { sourceNames } from "../plugins/Sources.ts"
import { storageNames } from "../plugins/Storages.ts"
import { Screen } from "../Screen.ts"
import { shown } from "../Shown.ts"

type Asked = "source" | "storage" | "out"

interface Question {
  readonly words: string
  readonly fallback: string
  readonly known?: ReadonlyArray<string>
}

const questions: Readonly<Record<Asked, Question>> = {
  source: {
    words: `Where do ratings come from (${sourceNames.join(", ")}, or a module)?`,
    fallback: "letterboxd",
    known: sourceNames
  },
  storage: {
    words: `How is the dataset stored (${storageNames.join(", ")}, or a module)?`,
    fallback: "csv",
    known: storageNames
  },
  out: { words: "Which folder is it in?", fallback: "data_output" }
}

/** What is wrong with an answer, in a sentence. */
const problemOf = (key: Asked, text: string): string | undefined => {
  const { known } = questions[key]
  const read = optionTable[key].read(text)
  if (Either.isLeft(read)) return `${key} ${read.left}, not ${shown(text)}.`
  return known === undefined || known.includes(text) || isModule(text)
    ? undefined
    : `${shown(text)} is not a ${key}.${didYouMean(text, known, (one) => one)}`
}

/** Whoever answers wrongly so often does not want to be asked again. */
const mostTries = 3

/** The value of a flag, else what the user answers, else the default. */
const valueOf = (key: Asked, flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const given = flags[key]
    if (given !== undefined) {
      const problem = problemOf(key, given)
      return problem === undefined ? given : yield* new InvalidSettings({ problems: [problem] })
    }
    const { fallback, words } = questions[key]
    if (flags.yes === "true") return fallback
    let problem: string | undefined
    for (let tries = 0; tries < mostTries; tries++) {
      const text = yield* screen.answer(words, fallback)
      problem = problemOf(key, text)
      if (problem === undefined) return text
      yield* screen.err(`${problem}\n`)
    }
    return yield* new InvalidSettings({ problems: [`There was no answer that can be used for ${key}.`] })
  })

/** Options that people change, as comments: what they do, and their default. */
const suggested: ReadonlyArray<readonly [key: OptionKey, value: unknown]> = [
  ["batches", optionTable.batches.fallback],
  ["batchSize", 10],
  ["rate", 2],
  ["concurrency", optionTable.concurrency.fallback],
  ["keep", ["liked", "watched"]],
  ["maxTime", "8h"],
  ["skip", ["name1", "name2"]]
]

/** A text of the help in lines of a comment. */
const comment = (text: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const line = lines.at(-1)
    if (line === undefined || line.length + word.length > 100) lines.push(`  // ${word}`)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

const textOf = (values: Readonly<Record<Asked, string>>): string =>
  [
    "// The options of lb in this folder. Flags and variables (LB_RATE=1) override them. lb config shows what holds.",
    "// All options: lb help run. Comments begin with //.",
    "{",
    ...(["source", "storage", "out"] as const).flatMap((key) =>
      comment(optionTable[key].help).concat(`  ${JSON.stringify(key)}: ${JSON.stringify(values[key])},`, "")
    ),
    ...suggested.flatMap(([key, value]) =>
      comment(optionTable[key].help).concat(`  // ${JSON.stringify(key)}: ${JSON.stringify(value)},`, "")
    ),
    "  // The names of the dataset's files (csv only).",
    `  // "files": { "rawRatings": "ratings.csv" }`,
    "}",
    ""
  ].join("\n")

/**
 * @since 0.1.0
 * @category constructors
 */
export const init = (flags: Flags) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const screen = yield* Screen
    const { variables } = yield* Environment
    const name = flags.config ?? (variables[variableOf("config")] || configFileName)
    const file = path.resolve(name)
    const isThere = endWith(1, `${shown(name)} is there already, and was not changed. lb config shows what it sets.`)
    const unwritable = (message: string) => endWith(1, `${shown(name)} cannot be written: ${shown(message)}`)
    if (yield* Effect.catchAll(fs.exists(file), ({ message }) => unwritable(message))) return yield* isThere
    const source = yield* valueOf("source", flags)
    const storage = yield* valueOf("storage", flags)
    const out = yield* valueOf("out", flags)
    yield* Effect.catchAll(fs.writeFileString(file, textOf({ source, storage, out }), { flag: "wx" }), (error) =>
      error._tag === "SystemError" && error.reason === "AlreadyExists" ? isThere : unwritable(error.message)
    )
    const start = yield* typed("run --mode new", name === configFileName ? {} : { config: name })
    const url = storage === "postgres" ? " Set LB_STORAGE_URL to the URL of the database." : ""
    yield* screen.out(`${shown(name)} was written.${url} Start a dataset with: ${start}\n`)
  }).pipe(Effect.catchTags({ InvalidSettings: endWithInvalid }))
