/**
 * The configuration file, `lb.config.json`.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform"
import { defaultFileNames, type FileNames } from "@letterboxd-ratings/storage-csv/file-names"
import { Effect, Either, Option, Record, Schema } from "effect"
import { InvalidSettings } from "../ExitCode.ts"
import { didYouMean } from "../Nearest.ts"
import { shown } from "../Shown.ts"
import { isOptionKey, type OptionKey, optionTable } from "./OptionTable.ts"

/**
 * The content of the file: the text of each option, and the names of the dataset's files.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigFile {
  readonly path: string
  readonly texts: Readonly<Record<string, string>>
  readonly files: Partial<FileNames>
}

/**
 * @since 0.1.0
 * @category models
 */
export const configFileName = "lb.config.json"

const Json = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
const Scalar = Schema.Union(Schema.String, Schema.Number, Schema.Boolean)
const decodeScalar = Schema.decodeUnknownOption(Scalar)
const decodeList = Schema.decodeUnknownOption(Schema.Array(Scalar))
const decodePairs = Schema.decodeUnknownOption(Schema.Record({ key: Schema.String, value: Scalar }))
const decodeNames = Schema.decodeUnknownEither(Schema.Record({ key: Schema.String, value: Schema.Unknown }))

type Form = (typeof optionTable)[OptionKey]["form"]

const formWords: { readonly [F in Form]: string } = {
  one: "a string, a number, true or false",
  list: `a string such as "a,b", or an array of strings`,
  pairs: `a string such as "a=b,c=d", or an object`
}

/** A part of a list or of pairs; a comma within it would make it two. */
const isPart = (value: unknown): boolean => !String(value).includes(",")

/** The text of an option, as it would be typed. */
const textOf = (value: unknown, form: Form): Option.Option<string> => {
  const scalar = Option.map(decodeScalar(value), String)
  if (Option.isSome(scalar) || form === "one") return scalar
  return form === "list"
    ? decodeList(value).pipe(
        Option.filter((items) => items.every(isPart)),
        Option.map((items) => items.join(","))
      )
    : decodePairs(value).pipe(
        Option.filter((pairs) => Object.values(pairs).every(isPart)),
        Option.map((pairs) =>
          Object.entries(pairs)
            .map(([name, one]) => `${name}=${one}`)
            .join(",")
        )
      )
}

/**
 * The JSON in a text with comments (`// to the end of the line`, `/* to the end *\/`) and commas before a closing bracket. What is
 * left out becomes spaces, so that places in error messages stay right.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutComments = (text: string): string =>
  [/"(?:[^"\\\n]|\\.)*"?|\/\/[^\n]*|\/\*[^]*?\*\//gu, /"(?:[^"\\\n]|\\.)*"?|,(?=\s*[}\]])/gu].reduce(
    (before, leftOut) =>
      before.replaceAll(leftOut, (found) => (found.startsWith(`"`) ? found : found.replaceAll(/[^\n\r]/gu, " "))),
    text
  )

/**
 * Reads the configuration file at `path`, JSON that may have comments. A missing file is an error only if `path` was set by the user. An unknown key is
 * an error; the message suggests a similar key.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readConfigFile = (
  path: string,
  isAskedFor: boolean
): Effect.Effect<ConfigFile, InvalidSettings, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const wrong = (problem: string) => new InvalidSettings({ problems: [`${path}: ${problem}`] })
    const text = yield* fs.readFileString(path).pipe(
      Effect.map(Option.some),
      Effect.catchAll((error) =>
        error._tag === "SystemError" && error.reason === "NotFound" && !isAskedFor
          ? Effect.succeed(Option.none<string>())
          : Effect.fail(wrong("the file cannot be read. Check its name and permissions."))
      )
    )
    if (Option.isNone(text)) return { path, texts: {}, files: {} }
    const content = yield* Effect.mapError(
      Schema.decodeUnknown(Json)(withoutComments(text.value.replace(/^\uFEFF/u, ""))),
      (error) =>
        wrong(
          `it is not a JSON object (${
            error.message
              .split("\n")
              .at(-1)
              ?.replace(/^[^\p{L}]+/u, "") ?? "unreadable"
          }). Correct or remove it.`
        )
    )

    const problems: Array<string> = []
    const known = [...Object.keys(optionTable).filter((key) => key !== "config"), "files"]
    const texts: Record<string, string> = {}
    let files: Partial<FileNames> = {}
    for (const [key, value] of Object.entries(content)) {
      if (key === "files") {
        const names = decodeNames(value)
        if (Either.isLeft(names)) problems.push(`"files" must be an object of file names.`)
        else files = readNames(names.right, problems)
        continue
      }
      const spec = isOptionKey(key) ? optionTable[key] : undefined
      if (/url$/iu.test(key) && spec === undefined) {
        problems.push(
          `${shown(key)} cannot be set here: the URL of a database may hold a password. Set the variable ${/into/iu.test(key) ? "LB_INTO_URL" : "LB_STORAGE_URL"}.`
        )
        continue
      }
      if (spec === undefined || !known.includes(key)) {
        problems.push(`${shown(key)} is unknown.${didYouMean(key, known, (one) => `"${one}"`)}`)
        continue
      }
      Option.match(textOf(value, spec.form), {
        onNone: () => problems.push(`"${key}" must be ${formWords[spec.form]}.`),
        onSome: (text) => {
          texts[key] = text
        }
      })
    }
    if (problems.length > 0)
      return yield* new InvalidSettings({ problems: problems.map((problem) => `${path}: ${problem}`) })
    return { path, texts, files }
  })

const readNames = (names: Readonly<Record<string, unknown>>, problems: Array<string>): Partial<FileNames> => {
  const known = Record.keys(defaultFileNames)
  const isKnown = Schema.is(Schema.Literal(...known))
  const files: { -readonly [K in keyof FileNames]?: string } = {}
  for (const [key, name] of Object.entries(names)) {
    if (!isKnown(key))
      problems.push(`${shown(`files.${key}`)} is unknown.${didYouMean(key, known, (one) => `"files.${one}"`)}`)
    else if (typeof name !== "string") problems.push(`"files.${key}" must be a file name.`)
    else files[key] = name
  }
  return files
}
