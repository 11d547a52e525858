/**
 * All options of `lb`, once: flags, variables, the configuration file and the help come from this table.
 *
 * @since 0.1.0
 */
import { HttpPolicy, LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { Either, Schema } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { KeptFacts } from "./KeptFacts.ts"
import { MemberNames } from "./MemberName.ts"

/**
 * One option. `read` takes its text, wherever that stands; a switch stands alone on the command line and is `true` or
 * `false` elsewhere. `fallback` is what holds where nothing is said, `undefined` where that depends on other options.
 * `isShowable` tells whether a text that is refused may be shown, or may hold a secret.
 *
 * @since 0.1.0
 * @category models
 */
export interface OptionSpec<A> {
  readonly value: string
  readonly read: (text: string) => Either.Either<A, string>
  readonly fallback: A
  readonly isSwitch: boolean
  readonly isShowable: (text: string) => boolean
  readonly help: string
}

const option = <A, I, const F>(
  value: string,
  schema: Schema.Schema<A, I>,
  fallback: F,
  help: string
): OptionSpec<A | F> => {
  const decode = Schema.decodeUnknownEither(schema)
  return {
    value,
    read: (text) => Either.mapLeft(decode(text), (error) => error.message),
    fallback,
    isSwitch: false,
    isShowable: () => true,
    help
  }
}

const Switch = Schema.Union(
  Schema.transformLiterals(["true", true], ["false", false], ["1", true], ["0", false])
).annotations({ message: () => ({ message: "must be true or false", override: true }) })
const onOff = (help: string): OptionSpec<boolean> => ({ ...option("", Switch, false, help), isSwitch: true })

const oneOf = <const L extends readonly [string, ...Array<string>]>(...choices: L) => {
  const message = `must be ${choices.join(" or ")}`
  return Schema.Literal(...choices).annotations({ message: () => ({ message, override: true }) })
}

const number = (what: string, fits: (n: number) => boolean) =>
  Schema.NumberFromString.pipe(Schema.filter(fits)).annotations({
    message: () => ({ message: `must be ${what}`, override: true })
  })
const wholeNumber = (least: number, most: number) =>
  number(`a whole number from ${least} to ${most}`, (n) => Number.isInteger(n) && n >= least && n <= most)

const Rate = Schema.Union(
  Schema.transformLiteral("unlimited", Infinity),
  number("", (n) => n > 0 && n < Infinity)
).annotations({
  message: () => ({ message: `must be a number of requests a second above 0, or "unlimited"`, override: true })
})

const secondsIn = { s: 1, m: 60, h: 3600, d: 86_400 } as const
const TimeSpan = Schema.transform(
  Schema.TemplateLiteralParser(Schema.NumberFromString, Schema.Literal("", "s", "m", "h", "d")),
  Schema.Number,
  {
    strict: true,
    decode: ([n, unit]) => n * (unit === "" ? 1 : secondsIn[unit]),
    encode: (seconds) => [seconds, "s"] as const
  }
)
  .pipe(Schema.filter((seconds) => seconds > 0 && seconds <= 365 * secondsIn.d))
  .annotations({
    message: () => ({ message: "must be a time of up to 365 days such as 90, 90s, 30m, 8h or 2d", override: true })
  })

const Pairs = Schema.transform(
  Schema.String.pipe(Schema.pattern(/^[a-zA-Z][\w-]*=[^,]+(?:,[a-zA-Z][\w-]*=[^,]+)*$/u)),
  Schema.Record({ key: Schema.String, value: Schema.String }),
  {
    strict: true,
    decode: (text) =>
      Object.fromEntries(
        text.split(",").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)])
      ),
    encode: (pairs) =>
      Object.entries(pairs)
        .map(([name, value]) => `${name}=${value}`)
        .join(",")
  }
).annotations({ message: () => ({ message: "must be NAME=VALUE, several with commas between them", override: true }) })

const WebAddress = Schema.String.pipe(
  Schema.filter((text) => /^https?:\/\/[^\s/\\@?#]+(?:\/[^\s?#]*)?$/u.test(text) && URL.canParse(text))
).annotations({
  message: () => ({
    message: "must be an address that begins with http:// or https://, without a user, a password, ? or #",
    override: true
  })
})

const userAgent = `letterboxd-ratings/${packageJson.version} (+https://github.com/letterboxd-ratings/letterboxd-ratings)`

const Text = Schema.NonEmptyTrimmedString.annotations({
  message: () => ({ message: "must not be empty or have spaces around it", override: true })
})

const HeaderText = Text.pipe(Schema.filter((text) => /^[\x20-\x7e\xa0-\xff]+$/u.test(text))).annotations({
  message: () => "must be one line of Latin letters, digits and signs, as a header can hold"
})

/**
 * The options, by their keys in the configuration file. `batchSize` is `--batch-size` as a flag and `LB_BATCH_SIZE`
 * as a variable.
 *
 * @since 0.1.0
 * @category models
 */
export const optionTable = {
  mode: option(
    "new|continue",
    oneOf("new", "continue"),
    undefined,
    "Start a fresh dataset, or go on with the one that is there. Must be said."
  ),
  batches: option("N", wholeNumber(1, 1_000_000), 2, "How many batches to add."),
  batchSize: option(
    "N",
    wholeNumber(1, 10_000),
    10,
    "How many members a batch holds; each batch is committed as a whole."
  ),
  source: option(
    "NAME",
    Text,
    undefined,
    "Where ratings come from: letterboxd, sandbox (a generated site on this machine), or a module (./my-source.mjs, a package). Default: letterboxd."
  ),
  sourceOptions: option("NAME=VALUE,...", Pairs, {}, "Options of a source from a module, as the module names them."),
  storage: option(
    "NAME",
    Text,
    "csv",
    "What the dataset is kept in: csv, parquet, sqlite, postgres, or a module (./my-storage.mjs, a package)."
  ),
  storageOptions: option("NAME=VALUE,...", Pairs, {}, "What the storage shall know besides."),
  from: option(
    "NAME",
    Text,
    undefined,
    "What the dataset is kept in that is exported; as --storage names it. Default: what --storage says."
  ),
  to: option(
    "NAME",
    Text,
    undefined,
    "What to export to: a storage (csv, sqlite, parquet, postgres, a module) or a layout (movielens, jsonl, spreadsheet, parquet-file). Must be said."
  ),
  into: option("DIR", Text, undefined, "The folder the export goes to. Default: the dataset's with -NAME behind it."),
  intoOptions: option("NAME=VALUE,...", Pairs, {}, "What the storage that is exported to shall know besides."),
  anonymise: onOff("Leave names out, and give members salted ids. For layouts."),
  salt: {
    ...option(
      "TEXT",
      Text,
      undefined,
      "A secret that gives members the same anonymous ids in each export. Better in the variable: others see command lines. Default: drawn at random."
    ),
    isShowable: () => false
  },
  out: option("DIR", Text, undefined, "The folder of the dataset. Default: data_output."),
  testMode: onOff("Write to test_output, or DIR/test, and never to the real files."),
  versioned: onOff("Also write each batch's raw rows into a file of their own."),
  filmLabel: option(
    "title|slug",
    oneOf("title", "slug"),
    "title",
    "Call films by title and year, or by slug as the original tool did."
  ),
  concurrency: option(
    "N",
    wholeNumber(1, 100),
    HttpPolicy.defaults.concurrency,
    "How many requests may be under way at once."
  ),
  rate: option(
    "R|unlimited",
    Rate,
    undefined,
    `Requests a second. Default: ${HttpPolicy.defaults.requestsPerSecond}; unlimited for the sandbox.`
  ),
  maxRetries: option(
    "N",
    wholeNumber(0, 100),
    HttpPolicy.defaults.maxRetries,
    "How often a request that failed for a passing reason is repeated."
  ),
  timeout: option(
    "SECONDS",
    number("a number of seconds above 0", (n) => n > 0 && n <= 3600),
    HttpPolicy.defaults.timeoutMillis / 1000,
    "How long to wait for an answer."
  ),
  maxRequests: option(
    "N",
    wholeNumber(1, 1_000_000_000),
    undefined,
    "End the run when so many requests were sent, repetitions included. Default: no limit."
  ),
  maxTime: option("TIME", TimeSpan, undefined, "End the run after so long: 90, 90s, 30m, 8h or 2d. Default: no limit."),
  baseUrl: {
    ...option("URL", WebAddress, undefined, `Where the site is. Default: ${LetterboxdSource.liveSite}.`),
    isShowable: (text: string) => !text.includes("@")
  },
  listing: option(
    "films|rated",
    oneOf("films", "rated"),
    "films",
    "Read all films watched, whose number proves completeness, or only rated ones, which are fewer pages."
  ),
  membersList: option(
    "LIST",
    oneOf("all", "this-week", "this-month", "this-year"),
    "all",
    "Which popular members: all, this-week, this-month, this-year. The site's robots.txt allows all only."
  ),
  skip: option("NAME,NAME...", MemberNames, [], "Members to leave out of this run."),
  keep: option(
    "FACT,FACT...",
    KeptFacts,
    undefined,
    "What the dataset keeps from now on besides stars: liked, rated_on (sources that know the day), watched (films without a rating). It is remembered."
  ),
  userAgent: option("TEXT", HeaderText, userAgent, "How to introduce ourselves to the site."),
  ignoreRobots: onOff("Do not keep to the site's robots.txt. Only with the site's permission."),
  json: onOff("Write JSON to standard output (a run: one object per event), and nothing else there."),
  quiet: onOff("Tell only warnings, errors and the result."),
  yes: onOff("Do not ask: a dataset that is in the way is moved aside to DIR.bak-TIME."),
  config: option("FILE", Text, undefined, "The configuration file. Default: lb.config.json, if it is there.")
} as const

/**
 * @since 0.1.0
 * @category models
 */
export type OptionKey = keyof typeof optionTable

/**
 * Options that only an export has.
 *
 * @since 0.1.0
 * @category models
 */
export const exportOptions: ReadonlySet<OptionKey> = new Set(["from", "to", "into", "intoOptions", "anonymise", "salt"])

const datasetOptions = new Set<OptionKey>(["storage", "storageOptions", "out", "testMode", "json", "config"])

/**
 * The options of commands that look at a dataset and read nothing from a site.
 *
 * @since 0.1.0
 * @category models
 */
export const isDatasetOption = (key: OptionKey): boolean => datasetOptions.has(key)

const isOptionKey = (key: string): key is OptionKey => Object.hasOwn(optionTable, key)

/**
 * The keys, in the order of the table.
 *
 * @since 0.1.0
 * @category models
 */
export const optionKeys: ReadonlyArray<OptionKey> = Object.keys(optionTable).filter(isOptionKey)

const named: ReadonlyArray<{ readonly title: string; readonly keys: ReadonlyArray<OptionKey> }> = [
  { title: "Options", keys: ["mode", "to", "into", "batches", "batchSize", "source", "sourceOptions", "out"] },
  {
    title: "The dataset",
    keys: [
      "storage",
      "storageOptions",
      "from",
      "intoOptions",
      "testMode",
      "versioned",
      "filmLabel",
      "anonymise",
      "salt"
    ]
  },
  {
    title: "The site",
    keys: [
      "membersList",
      "skip",
      "keep",
      "listing",
      "rate",
      "concurrency",
      "maxRequests",
      "maxTime",
      "maxRetries",
      "timeout",
      "baseUrl",
      "userAgent",
      "ignoreRobots"
    ]
  }
]

/**
 * The options in the order of the help: the usual ones first. What no group names stands in the last one.
 *
 * @since 0.1.0
 * @category models
 */
export const optionGroups: typeof named = [
  ...named,
  { title: "In general", keys: optionKeys.filter((key) => !named.some(({ keys }) => keys.includes(key))) }
]

/**
 * What the options come to.
 *
 * @since 0.1.0
 * @category models
 */
export type OptionValues = {
  readonly [K in OptionKey]: (typeof optionTable)[K] extends OptionSpec<infer A> ? A : never
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const flagOf = (key: string): string => key.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)

/**
 * @since 0.1.0
 * @category constructors
 */
export const variableOf = (key: string): string => `LB_${flagOf(key).replaceAll("-", "_").toUpperCase()}`
