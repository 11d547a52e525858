/**
 * All options of `lb`. Flags, variables, the configuration file and the help all use this table.
 *
 * @since 0.1.0
 */
import { liveSite, policyDefaults } from "@letterboxd-ratings/letterboxd-source/defaults"
import { DateTime, Either, Option, ParseResult, Schema } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { KeptFacts, keptFactsHelp } from "./KeptFacts.ts"
import { MemberName, MemberNames } from "./MemberName.ts"

/**
 * One option. `value` is what the help calls its value, `form` whether it is one value, a list or pairs, which the
 * configuration file may hold as an array or an object. `read` decodes its text, wherever it comes from. A switch takes no value on the command line and is `true`
 * or `false` elsewhere. `fallback` is the default, `undefined` if it depends on other options. `isShowable` says whether
 * a rejected text may be shown; it may hold a secret.
 *
 * @since 0.1.0
 * @category models
 */
export interface OptionSpec<A> {
  readonly value: string
  readonly form: "one" | "list" | "pairs"
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
    form: value.includes("=") ? "pairs" : value.endsWith("...") ? "list" : "one",
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
  message: () => ({ message: `must be a number of requests per second above 0, or "unlimited"`, override: true })
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
    message: () => ({ message: "must be a time of at most 365 days, such as 90, 90s, 30m, 8h or 2d", override: true })
  })

const millisOfADay = 86_400_000

/** There is no 31 February, which would be taken for a day in March. */
const isWrittenAs = (text: string) => (at: DateTime.DateTime) => DateTime.formatIsoDateUtc(at) === text.slice(0, 10)

/** A day stands for its end. */
const TimeThen = Schema.transformOrFail(
  Schema.String.pipe(Schema.pattern(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/u)),
  Schema.DateTimeUtcFromSelf,
  {
    strict: true,
    decode: (text, _, ast) =>
      Option.match(Option.filter(DateTime.make(text), isWrittenAs(text)), {
        onNone: () => ParseResult.fail(new ParseResult.Type(ast, text)),
        onSome: (at) =>
          ParseResult.succeed(DateTime.toUtc(text.length === 10 ? DateTime.add(at, { millis: millisOfADay - 1 }) : at))
      }),
    encode: (at) => ParseResult.succeed(DateTime.formatIso(at))
  }
).annotations({
  message: () => ({
    message: "must be a day, such as 2026-03-01, or a time in UTC, such as 2026-03-01T12:00Z",
    override: true
  })
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
).annotations({ message: () => ({ message: "must be NAME=VALUE pairs, separated by commas", override: true }) })

const WebAddress = Schema.String.pipe(
  Schema.filter((text) => /^https?:\/\/[^\s/\\@?#]+(?:\/[^\s?#]*)?$/u.test(text) && URL.canParse(text))
).annotations({
  message: () => ({
    message: "must be a URL that begins with http:// or https://, without a user name, a password, ? or #",
    override: true
  })
})

const userAgent = `letterboxd-ratings/${packageJson.version} (+https://github.com/letterboxd-ratings/letterboxd-ratings)`

const Text = Schema.NonEmptyTrimmedString.annotations({
  message: () => ({ message: "must not be empty, or begin or end with a space", override: true })
})

const HeaderText = Text.pipe(Schema.filter((text) => /^[\x20-\x7e\xa0-\xff]+$/u.test(text))).annotations({
  message: () => "must be one line of Latin letters, digits and punctuation that fits in an HTTP header"
})

const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/u.test(text) && Option.exists(DateTime.make(text), isWrittenAs(text))

/** Must match `Split` of the package for exports, which is loaded only for an export. */
const Split = Schema.transformOrFail(
  Schema.String,
  Schema.Union(
    Schema.TaggedStruct("random", { share: Schema.Number }),
    Schema.TaggedStruct("leave-one-out", {}),
    Schema.TaggedStruct("time", { day: Schema.String })
  ),
  {
    strict: true,
    decode: (text, _, ast) => {
      const [kind, value = ""] = text.split(/:(.*)/su)
      if (text === "leave-one-out") return ParseResult.succeed({ _tag: text } as const)
      const share = /^0?\.\d{1,6}$/u.test(value) ? Number(value) : 0
      if (kind === "random" && share > 0) return ParseResult.succeed({ _tag: kind, share } as const)
      if (kind === "time" && isDay(value)) return ParseResult.succeed({ _tag: kind, day: value } as const)
      return ParseResult.fail(new ParseResult.Type(ast, text))
    },
    encode: (split) =>
      ParseResult.succeed(
        split._tag === "random"
          ? `random:${split.share}`
          : split._tag === "time"
            ? `time:${split.day}`
            : "leave-one-out"
      )
  }
).annotations({
  message: () => ({
    message:
      "must be random:SHARE with a share between 0 and 1, such as random:0.1, or leave-one-out, or time:DAY, such as time:2025-01-31",
    override: true
  })
})

/** It stands in the data card. */
const Seed = Schema.String.pipe(Schema.pattern(/^[\w.-]{1,64}$/u)).annotations({
  message: () => ({ message: "must be 1 to 64 letters, digits, _, . or -", override: true })
})

/** Must match the kinds in letterboxd-import, which is loaded only for an import. */
const inputKinds = ["export", "saved-pages", "feed", "samlearner", "freeth", "movielens", "original", "table"] as const

const ColumnNames = Pairs.pipe(
  Schema.compose(Schema.Struct({ user: Schema.String, film: Schema.String, rating: Schema.String }), { strict: false })
).annotations({
  message: () => ({ message: "must name three columns: user=NAME,film=NAME,rating=NAME", override: true }),
  parseOptions: { onExcessProperty: "error" }
})

/** Must match `options` in `plugins/Storages.ts`. */
const optionsOfStorages =
  "sqlite: file (the name of the database file); parquet: compression (zstd, snappy, gzip or none); postgres: schema; csv: no options."

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
    "Start a new dataset, or continue the existing one. Required."
  ),
  batches: option("N", wholeNumber(1, 1_000_000), 2, "The number of batches to add."),
  batchSize: option(
    "N",
    wholeNumber(1, 10_000),
    undefined,
    "The number of members in a batch. Each batch is committed as a whole. Default: 10; at most 500 for an import."
  ),
  source: option(
    "NAME",
    Text,
    undefined,
    "Where ratings come from: letterboxd, sandbox (a generated site on this machine), or a module (./my-source.mjs or a package). Default: letterboxd."
  ),
  sourceOptions: option("NAME=VALUE,...", Pairs, {}, "Options of a source module. letterboxd and sandbox have none."),
  storage: option(
    "NAME",
    Text,
    "csv",
    "How the dataset is stored: csv, sqlite, parquet, postgres (URL in LB_STORAGE_URL), or a module (./my-storage.mjs or a package)."
  ),
  storageOptions: option("NAME=VALUE,...", Pairs, {}, `Options of the storage. ${optionsOfStorages}`),
  from: option(
    "NAME",
    Text,
    undefined,
    "The storage to export from, as in --storage. Default: the storage set in LB_STORAGE or lb.config.json, or csv."
  ),
  to: option(
    "NAME",
    Text,
    undefined,
    "What to export to: a layout (movielens, recbole, huggingface, kaggle, jsonl, spreadsheet, parquet-file, letterboxd) or a storage (csv, sqlite, parquet, postgres with its URL in LB_INTO_URL, a module). Required."
  ),
  into: option("DIR", Text, undefined, "The folder to export to. Default: the dataset's folder plus -NAME."),
  intoOptions: option(
    "NAME=VALUE,...",
    Pairs,
    {},
    "Options of the storage to export to. The same as in --storage-options."
  ),
  input: option(
    "FILE",
    Text,
    undefined,
    "A file of member names, one in a line; - is standard input. Blank lines and what follows # are left out. Short: -i."
  ),
  failed: option(
    "FILE",
    Text,
    undefined,
    "Write the names that could not be read completely to this file, which -i reads. A file that lb did not write is left alone."
  ),
  via: option(
    "pages|feed",
    oneOf("pages", "feed"),
    "pages",
    "What to read: pages of lists, or feeds. A feed costs one request a member, shows the newest entries, and removes nothing."
  ),
  olderThan: option(
    "TIME",
    TimeSpan,
    undefined,
    "Read all members again whose last reading is older: 90d, 12h. Default: those who have changed by all signs, or are due."
  ),
  asOf: option(
    "DAY",
    TimeThen,
    undefined,
    "Export the dataset as it was at the end of a day in UTC (2026-03-01), or at a time (2026-03-01T12:00Z)."
  ),
  timestamps: option(
    "rated|read|none",
    oneOf("rated", "read", "none"),
    "rated",
    "The times in movielens, kaggle and recbole: rated (the day of a rating where it is known, else the time of reading, and a column that says which), read (the time of reading) or none."
  ),
  minUserRatings: option(
    "N",
    wholeNumber(1, 1_000_000),
    undefined,
    "Leave out members with fewer ratings, and films with fewer than --min-film-ratings, until all that is left has as many."
  ),
  minFilmRatings: option(
    "N",
    wholeNumber(1, 1_000_000),
    undefined,
    "Leave out films with fewer ratings, as --min-user-ratings does members."
  ),
  split: option(
    "random:SHARE|leave-one-out|time:DAY",
    Split,
    undefined,
    "Write ratings for training and for testing to separate files: a share of them is for testing (random:0.1), or one of each member, or those of a day and later (time:2025-01-31)."
  ),
  seed: option(
    "TEXT",
    Seed,
    "0",
    "Another seed gives another split. With the same seed, ratings stay in their part when the dataset grows."
  ),
  contiguous: onOff(
    "Write numbers from 0 without gaps in the place of ids, and files that say which is which. movielens, kaggle and recbole only."
  ),
  anonymise: onOff("Leave out names and replace member ids by salted ones. For layouts and reports."),
  salt: {
    ...option(
      "TEXT",
      Text,
      undefined,
      "A secret that keeps anonymous ids the same from export to export. Prefer LB_SALT: other users can see command lines. Default: random."
    ),
    isShowable: () => false
  },
  outFile: option(
    "FILE",
    Text,
    undefined,
    "The file of the report. Default: the dataset's folder plus -report.html. A file that lb did not write is left alone."
  ),
  member: option(
    "NAME",
    MemberName,
    undefined,
    "Report on this member of the dataset, or export this one only. Required for --to letterboxd."
  ),
  out: option("DIR", Text, undefined, "The folder of the dataset. Default: data_output."),
  testMode: onOff("Use test_output (or DIR/test with --out DIR) instead of the real dataset."),
  versioned: onOff("Also write the raw rows of each batch to a separate file. csv only."),
  filmLabel: option(
    "title|slug",
    oneOf("title", "slug"),
    "title",
    "Label films by title and year, or by slug like the original Python tool. csv only."
  ),
  concurrency: option(
    "N",
    wholeNumber(1, 100),
    policyDefaults.concurrency,
    "The number of requests in progress at the same time."
  ),
  rate: option(
    "R|unlimited",
    Rate,
    undefined,
    `Requests per second. Default: ${policyDefaults.requestsPerSecond}; unlimited for the sandbox.`
  ),
  maxRetries: option(
    "N",
    wholeNumber(0, 100),
    policyDefaults.maxRetries,
    "How often to retry a request after a temporary failure."
  ),
  timeout: option(
    "SECONDS",
    number("a number of seconds above 0", (n) => n > 0 && n <= 3600),
    policyDefaults.timeoutMillis / 1000,
    "How long to wait for a response."
  ),
  maxRequests: option(
    "N",
    wholeNumber(1, 1_000_000_000),
    undefined,
    "Stop after this many requests, including retries. Default: no limit."
  ),
  maxTime: option(
    "TIME",
    TimeSpan,
    undefined,
    "Stop after this time: 90 or 90s (seconds), 30m, 8h, 2d. Default: no limit."
  ),
  baseUrl: {
    ...option("URL", WebAddress, undefined, `The URL of the site. Default: ${liveSite}.`),
    isShowable: (text: string) => !text.includes("@")
  },
  listing: option(
    "films|rated",
    oneOf("films", "rated"),
    "films",
    "Read all watched films (their stated number proves that the list is complete), or only rated films (fewer pages)."
  ),
  membersList: option(
    "LIST",
    oneOf("all", "this-week", "this-month", "this-year"),
    "all",
    "The list of popular members to use: all, this-week, this-month, this-year. The site's robots.txt allows only all."
  ),
  skip: option("NAME,NAME...", MemberNames, [], "Members to skip in this run."),
  keep: option(
    "FACT,FACT...",
    KeptFacts,
    undefined,
    `What the dataset keeps from now on in addition to stars: ${keptFactsHelp}. Later runs keep it too.`
  ),
  record: option(
    "FILE.warc.gz",
    Text,
    undefined,
    "Keep each response of this run in FILE, a WARC file, which lb import reads again. An existing recording is continued."
  ),
  as: option("NAME", MemberName, undefined, "The member that inputs without a name belong to."),
  format: option("KIND", oneOf("auto", ...inputKinds), "auto", `What the inputs are: auto, ${inputKinds.join(", ")}.`),
  columns: option(
    "user=..,film=..,rating=..",
    ColumnNames,
    undefined,
    "The columns of a table: the names in its header for the user, the film and the rating."
  ),
  films: option(
    "FILE",
    Text,
    undefined,
    "A table of film numbers. For an import of datasets that have only slugs: slug,film_id[,tmdb_id,imdb_id]. For an export, numbers at TMDB and IMDb: slug,tmdb_id,imdb_id."
  ),
  resultFormat: option(
    "table|json|csv|md",
    oneOf("table", "json", "csv", "md"),
    undefined,
    "How to write the result: table, cut to the width of the screen; json, one object a row; csv; md (Markdown). Default: table, or json with --json. As a variable: LB_RESULT_FORMAT."
  ),
  dryRun: onOff("Show all numbers, and write nothing."),
  userAgent: option("TEXT", HeaderText, userAgent, "The User-Agent header sent to the site."),
  ignoreRobots: onOff("Ignore the site's robots.txt. Use only with the site's permission."),
  json: onOff("Write only JSON to standard output; a run writes one object per event."),
  quiet: onOff("Show only warnings, errors and the result."),
  ui: onOff("Also show the run in a browser: the address of a page on this machine is written to standard error."),
  uiPort: option("N", wholeNumber(0, 65_535), 0, "The port of the page on this machine; 0 is any free one."),
  yes: onOff("Do not ask. Move an existing dataset or export aside, to DIR.bak-TIME."),
  config: option("FILE", Text, undefined, "The configuration file. Default: lb.config.json, if it exists.")
} as const

/**
 * @since 0.1.0
 * @category models
 */
export type OptionKey = keyof typeof optionTable

/**
 * The options that prepare what `lb export` writes.
 *
 * @since 0.1.0
 * @category models
 */
export const preparationKeys = [
  "minUserRatings",
  "minFilmRatings",
  "split",
  "seed",
  "contiguous"
] as const satisfies ReadonlyArray<OptionKey>

/**
 * Options of `lb export` only.
 *
 * @since 0.1.0
 * @category models
 */
export const exportOptions: ReadonlySet<OptionKey> = new Set([
  "member",
  "from",
  "to",
  "into",
  "intoOptions",
  "asOf",
  "timestamps",
  ...preparationKeys,
  "anonymise",
  "salt"
])

/**
 * Options of `lb report`, besides those of the dataset.
 *
 * @since 0.1.0
 * @category models
 */
export const reportOptions: ReadonlySet<OptionKey> = new Set(["outFile", "member", "anonymise", "salt"])

/**
 * Options of `lb query` only.
 *
 * @since 0.1.0
 * @category models
 */
export const queryOptions: ReadonlySet<OptionKey> = new Set(["resultFormat"])

/**
 * Options of `lb refresh` only.
 *
 * @since 0.1.0
 * @category models
 */
export const refreshOptions: ReadonlySet<OptionKey> = new Set(["via", "olderThan", "input"])

/**
 * Options of `lb user` only.
 *
 * @since 0.1.0
 * @category models
 */
export const namesOptions: ReadonlySet<OptionKey> = new Set(["input", "failed"])

/**
 * Options of `lb import` only.
 *
 * @since 0.1.0
 */
export const importOptions: ReadonlySet<OptionKey> = new Set(["as", "format", "columns", "films", "dryRun"])

const datasetOptions = new Set<OptionKey>(["storage", "storageOptions", "out", "testMode", "json", "config"])

/**
 * The options of commands that inspect a dataset and read nothing from a site.
 *
 * @since 0.1.0
 * @category models
 */
export const isDatasetOption = (key: OptionKey): boolean => datasetOptions.has(key)

/**
 * Whether a word is the key of an option.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isOptionKey = (key: string): key is OptionKey => Object.hasOwn(optionTable, key)

/**
 * The keys, in the order of the table.
 *
 * @since 0.1.0
 * @category models
 */
export const optionKeys: ReadonlyArray<OptionKey> = Object.keys(optionTable).filter(isOptionKey)

const named: ReadonlyArray<{ readonly title: string; readonly keys: ReadonlyArray<OptionKey> }> = [
  {
    title: "Options",
    keys: [
      "mode",
      "input",
      "failed",
      "via",
      "olderThan",
      "to",
      "into",
      "batches",
      "batchSize",
      "source",
      "sourceOptions",
      "as",
      "format",
      "resultFormat",
      "columns",
      "films",
      "dryRun",
      "member",
      "outFile",
      "out"
    ]
  },
  {
    title: "Dataset",
    keys: [
      "storage",
      "storageOptions",
      "from",
      "intoOptions",
      "keep",
      "testMode",
      "versioned",
      "filmLabel",
      "asOf",
      "timestamps",
      "anonymise",
      "salt"
    ]
  },
  {
    title: "Preparation",
    keys: preparationKeys
  },
  {
    title: "Site",
    keys: [
      "membersList",
      "skip",
      "listing",
      "rate",
      "concurrency",
      "maxRequests",
      "maxTime",
      "maxRetries",
      "timeout",
      "record",
      "baseUrl",
      "userAgent",
      "ignoreRobots"
    ]
  }
]

/**
 * The options in the order of the help, common ones first. Options without a group are in the last one.
 *
 * @since 0.1.0
 * @category models
 */
export const optionGroups: typeof named = [
  ...named,
  { title: "General", keys: optionKeys.filter((key) => !named.some(({ keys }) => keys.includes(key))) }
]

/**
 * The values of all options.
 *
 * @since 0.1.0
 * @category models
 */
export type OptionValues = {
  readonly [K in OptionKey]: (typeof optionTable)[K] extends OptionSpec<infer A> ? A : never
}

/** Options of different commands that have the same name there. */
const sameFlags: Readonly<Record<string, string>> = { resultFormat: "format" }

/**
 * The name of an option on the command line. No command takes two options with the same name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const flagOf = (key: string): string => sameFlags[key] ?? wordsOf(key)

const wordsOf = (key: string): string => key.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)

/**
 * @since 0.1.0
 * @category constructors
 */
export const variableOf = (key: string): string => `LB_${wordsOf(key).replaceAll("-", "_").toUpperCase()}`
