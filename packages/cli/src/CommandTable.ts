/**
 * The commands of `lb`: their help and their options. To add a command, add it here. What a command does is in `commands`
 * and loaded when it runs, so that each command starts without the code of the others.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Command, CommandGroup } from "./Command.ts"
import {
  exportOptions,
  importOptions,
  isDatasetOption,
  namesOptions,
  type OptionKey,
  queryOptions,
  refreshOptions,
  reportOptions
} from "./options/OptionTable.ts"

/** Loads the code of a command, and runs it. */
const loaded = <M, A, E, R>(load: () => Promise<M>, run: (its: M) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.promise(load), run)

const notForUser = new Set<OptionKey>(["mode", "batches", "batchSize", "membersList", "skip", "yes"])

const notForRefresh = new Set<OptionKey>(["mode", "batches", "skip", "yes", "record", "failed"])

const otherImportOptions = new Set<OptionKey>([
  "storage",
  "storageOptions",
  "out",
  "testMode",
  "versioned",
  "filmLabel",
  "keep",
  "batchSize",
  "baseUrl",
  "json",
  "quiet",
  "config"
])

const otherExportOptions = new Set<OptionKey>([
  "storageOptions",
  "out",
  "testMode",
  "filmLabel",
  "films",
  "json",
  "yes",
  "config"
])

const doctorOptions = new Set<OptionKey>([
  "source",
  "sourceOptions",
  "out",
  "testMode",
  "rate",
  "timeout",
  "baseUrl",
  "listing",
  "membersList",
  "userAgent",
  "ignoreRobots",
  "json",
  "config"
])

const pageOptions = new Set<OptionKey>(["baseUrl", "timeout", "userAgent", "ignoreRobots", "json", "config"])

const pluginsOptions = new Set<OptionKey>(["json"])

const initOptions = new Set<OptionKey>(["source", "storage", "out", "yes", "config"])

const runCommand: Command = {
  name: "run",
  summary: "Starts a dataset, or adds members to one.",
  what: "Adds members to a dataset: reads the films of popular members, and commits their ratings batch by batch.",
  usage: "--mode new|continue [OPTIONS]",
  examples: [
    ["lb run --mode new --source sandbox", "try it on a generated site on this machine; no request leaves it"],
    [
      "lb run --mode new --batches 5 --batch-size 20",
      "start a dataset of 100 members from letterboxd.com, in data_output"
    ],
    ["lb run --mode continue", "continue: complete partial members, and add 20 more"]
  ],
  takes: (key) =>
    !exportOptions.has(key) &&
    !importOptions.has(key) &&
    !refreshOptions.has(key) &&
    !namesOptions.has(key) &&
    !reportOptions.has(key) &&
    !queryOptions.has(key),
  run: ({ flags }) =>
    loaded(
      () => import("./commands/run.ts"),
      (its) => its.run(flags)
    )
}

const userCommand: Command = {
  name: "user",
  summary: "Adds or refreshes members by name.",
  what: "Reads members into the dataset, each once, in the order given. With --storage csv, the ratings of each are also in users/user_NAME_raw.csv and users/user_NAME_translated.csv; later runs keep these files up to date. If a member is in the dataset already, the new ratings replace the old ones, but only if the whole list was read.",
  usage: "NAME... [-i FILE] [--failed FILE] [OPTIONS]",
  examples: [
    ["lb user davee", "add or refresh the member davee"],
    ["lb user https://letterboxd.com/davee/", "the same, by the URL of the profile; @davee works too"],
    [
      "lb user -i names.txt --failed left.txt",
      "the members of a file; then the rest with -i left.txt --failed left.txt"
    ],
    ["lb user member_1 --source sandbox --test-mode", "try it on the sandbox"]
  ],
  argument: { name: "NAME", isOptional: true, isMany: true },
  takes: (key) =>
    !notForUser.has(key) &&
    !exportOptions.has(key) &&
    !reportOptions.has(key) &&
    !queryOptions.has(key) &&
    !importOptions.has(key) &&
    (namesOptions.has(key) || !refreshOptions.has(key)),
  run: ({ flags, words }) =>
    loaded(
      () => import("./commands/user.ts"),
      (its) => its.user(words, flags)
    )
}

const refreshCommand: Command = {
  name: "refresh",
  summary: "Reads members again who may have changed, with few requests.",
  what: "Reads members of a dataset again who may have changed, with as few requests as possible. The members list states how many films members watched, 30 members in one request: who has as many as the dataset knows is not read. Others are read again, and so is who is due, judging by how fast a list changed before. With a limit of requests (--max-requests), those come first of whom a request finds the most changes. With --via feed, the newest entries of members are read instead of their lists. What changed is in lb log.",
  usage: "[NAME...] [-i FILE] [OPTIONS]",
  examples: [
    ["lb refresh", "read members again who have changed"],
    ["lb refresh --plan", "show who would be read, and why; requests nothing"],
    ["lb refresh --max-requests 500 --max-time 2h", "as much as fits"],
    ["lb refresh davee anna", "these members, whatever is known of them"],
    ["lb refresh --via feed", "the newest entries of each member, one request each"]
  ],
  argument: { name: "NAME", isOptional: true, isMany: true },
  takes: (key) =>
    !notForRefresh.has(key) &&
    !exportOptions.has(key) &&
    !importOptions.has(key) &&
    !reportOptions.has(key) &&
    !queryOptions.has(key),
  switches: { plan: "Show who would be read, why, and with how many requests. Requests nothing." },
  run: ({ flags, switches, words }) =>
    loaded(
      () => import("./commands/refresh.ts"),
      (its) => its.start(words, flags, switches.has("plan"))
    )
}

const forgetCommand: Command = {
  name: "forget",
  summary: "Takes members out of the dataset, and leaves them out from then on.",
  what: "For people who ask to be taken out. Removes the names of members, those they had before too, with all their ratings, changes and readings, from the dataset and from the files that lb wrote beside it. What stays is the number of the member, and a keyed hash of the name, by which later runs and imports leave the member out. It cannot be undone.",
  usage: "NAME... [-i FILE] [--plan] [--yes]",
  examples: [
    ["lb forget davee --plan", "show what would go"],
    ["lb forget davee --yes", "take the member davee out, without a question"]
  ],
  argument: { name: "NAME", isOptional: true, isMany: true },
  takes: (key) => isDatasetOption(key) || key === "yes" || key === "input",
  switches: { plan: "Show what would go. Changes nothing." },
  run: ({ flags, switches, words }) =>
    loaded(
      () => import("./commands/forget.ts"),
      (its) => its.forget(words, flags, switches)
    )
}

const renameCommand: Command = {
  name: "rename",
  summary: "Tells the dataset that a member has another name now.",
  what: "A run, a refresh and an import that meet the redirect of the site do this by themselves. Use this command where the dataset has one member under two names and the site cannot be asked, for example after exports were imported under both; the output of lb verify names members whose ratings look alike. The member keeps its number, its ratings and its history; where both names have ratings, the list of the new name is the one that stays, and the history keeps the differences.",
  usage: "OLD NEW [--yes]",
  examples: [["lb rename davee david", "davee is called david now"]],
  argument: { name: "NAME", isOptional: false, isMany: true },
  takes: (key) => isDatasetOption(key) || key === "yes",
  switches: {},
  run: ({ flags, words }) =>
    loaded(
      () => import("./commands/rename.ts"),
      (its) => its.rename(words, flags)
    )
}

const importCommand: Command = {
  name: "import",
  summary: "Imports official exports, saved pages, archives, feeds and public datasets.",
  what: "Imports files into a new or an existing dataset, without a request to any site. Recognises what each path is: official exports (ZIP files or folders), saved pages and archives (HTML, HAR, WARC, WACZ), feeds (RSS), public datasets (ZIP files or folders), and folders of any of these. A complete list (an export, or all pages of a member) replaces an older one; nothing else removes a rating. Put -- before paths that begin with a dash.",
  usage: "PATH... [OPTIONS]",
  examples: [
    ["lb import letterboxd-davee-2026-11-01-12-00-utc.zip", "import the export from letterboxd.com/settings/data"],
    ["lb import exports/ --dry-run", "show what the exports in a folder would change"],
    ["lb import session.har pages/ --out films", "import pages that were saved in a browser"],
    [
      "lb import ratings.csv --format table --columns user=name,film=slug,rating=stars --films numbers.csv",
      "import a table of ratings, with film numbers from another table"
    ]
  ],
  argument: { name: "PATH", isOptional: false, isMany: true },
  takes: (key) => importOptions.has(key) || otherImportOptions.has(key),
  run: ({ flags, words }) =>
    loaded(
      () => import("./commands/import.ts"),
      (its) => its.importing(words, flags)
    )
}

const statusCommand: Command = {
  name: "status",
  summary: "Shows what a dataset contains.",
  what: "Shows what a dataset contains, and what to do next: the command, and the file with links to pages that an import found missing. Changes nothing, and works while a run is in progress.",
  usage: "[OPTIONS]",
  examples: [
    ["lb status", "the dataset in data_output"],
    ["lb status --out mine --json", "another dataset, as JSON"]
  ],
  takes: isDatasetOption,
  run: ({ flags }) =>
    loaded(
      () => import("./commands/status.ts"),
      (its) => its.status(flags)
    )
}

const watchCommand: Command = {
  name: "watch",
  summary: "Shows in a browser how a dataset grows.",
  what: "Shows in a browser how a dataset grows while a run in another process, or none, works on it: members, ratings, who was read last, who is partial and why, and which process is at work. Writes the address of a page on this machine to standard error, and serves the page until Ctrl-C. Reads only what is committed, holds nothing, and changes nothing. To see the pages of a run as they come, use lb run --ui.",
  usage: "[OPTIONS]",
  examples: [
    ["lb watch", "the dataset in data_output"],
    ["lb watch --out mine --ui-port 8080", "another dataset, always at the same port"]
  ],
  takes: (key) => (isDatasetOption(key) && key !== "json") || key === "uiPort",
  run: ({ flags }) =>
    loaded(
      () => import("./commands/watch.ts"),
      (its) => its.watch(flags)
    )
}

const logCommand: Command = {
  name: "log",
  summary: "Shows when members were read, and what each reading changed.",
  what: "Shows when members were read, and what each reading changed. Without a name: one line for each batch. With a name: each reading of this member, why the list was not complete, and each rating that was added, changed or removed. A dataset records its changes from the first time a member is read again; of the time before, it knows the last reading of each member.",
  usage: "[NAME] [OPTIONS]",
  examples: [
    ["lb log", "the batches of the dataset in data_output"],
    ["lb log davee", "the readings of the member davee"],
    ["lb log davee --json", "the same, as one JSON object for each reading"]
  ],
  argument: { name: "NAME", isOptional: true },
  takes: isDatasetOption,
  run: ({ flags, words: [name] }) =>
    loaded(
      () => import("./commands/log.ts"),
      (its) => its.log(name, flags)
    )
}

const reportCommand: Command = {
  name: "report",
  summary: "Makes a page that shows a dataset, or one member.",
  what: "Makes a page that shows a dataset in charts and tables: ratings, films, decades, members, how complete it is, and what changed. With --member, it shows one member: months, favourites, disagreements, and members with the same taste. The page is one HTML file. It opens from disk, loads nothing, and runs no script. Reads the dataset, and changes nothing in it.",
  usage: "[OPTIONS]",
  examples: [
    ["lb report", "data_output-report.html shows the dataset in data_output"],
    ["lb report --member davee", "data_output-report-davee.html shows the member davee"],
    ["lb report --anonymise --out-file shared.html", "the dataset without names"]
  ],
  takes: (key) => isDatasetOption(key) || reportOptions.has(key),
  run: ({ flags }) =>
    loaded(
      () => import("./commands/report.ts"),
      (its) => its.report(flags)
    )
}

const verifyCommand: Command = {
  name: "verify",
  summary: "Verifies a dataset row by row; --repair rebuilds what can be derived.",
  what: "Verifies a dataset: every file is as it was committed, ids are unique, the user and the film of every row are mapped, no rating is duplicated, and the translated ratings and the files of single members match the raw ratings row by row. Reports all damage, with exit code 4.",
  usage: "[--repair] [OPTIONS]",
  examples: [
    ["lb verify", "verify the dataset in data_output"],
    ["lb verify --repair", "verify it, and repair what can be repaired safely"]
  ],
  takes: isDatasetOption,
  switches: {
    repair:
      "Repair what can be repaired safely: rewrite files that a spreadsheet or an editor saved in another format, rebuild the translated ratings and the files of single members from the raw ratings, and move rows that other programs added to separate files. The old files are kept."
  },
  run: ({ flags, switches }) =>
    loaded(
      () => import("./commands/verify.ts"),
      (its) => its.verify(flags, switches.has("repair"))
    )
}

const exportCommand: Command = {
  name: "export",
  summary: "Writes a dataset for other tools, or copies it into another storage.",
  what: "Writes a dataset for other tools, or copies it into another storage, with a data card that describes it. Every row is counted. A failed export leaves nothing behind.",
  usage: "--to NAME [OPTIONS]",
  examples: [
    ["lb export --to movielens", "the four files of MovieLens for recommenders, in data_output-movielens"],
    ["lb export --to jsonl --anonymise --into shared", "without names"],
    [
      "lb export --to recbole --min-user-ratings 5 --min-film-ratings 5 --split random:0.1 --into dataset/letterboxd",
      "members and films with at least five ratings; a tenth of these is for testing"
    ],
    ["lb export --to huggingface --anonymise", "Parquet files and a README.md for Hugging Face"],
    ["lb export --to spreadsheet", "a table for Excel or LibreOffice"],
    ["lb export --to letterboxd --member davee", "davee's ratings, for letterboxd.com/import"],
    ["lb export --to sqlite", "a database to query, in data_output-sqlite"],
    ["lb export --to csv --as-of 2026-03-01 --into then", "the dataset as it was on 1 March 2026"],
    ["lb export --from sqlite --out data_output-sqlite --to csv --into back", "convert it back to CSV"]
  ],
  takes: (key) => exportOptions.has(key) || otherExportOptions.has(key),
  run: ({ flags }) =>
    loaded(
      () => import("./commands/export.ts"),
      (its) => its.exporting(flags)
    )
}

const doctorCommand: Command = {
  name: "doctor",
  summary: "Checks whether the source can be read.",
  what: "Checks whether the source can be read, and shows the result of each step. A step without an answer for 30 seconds fails. For a site, it requests robots.txt, the members list and two films pages of NAME (default: the first member of the list). Writes no files, except pages it does not understand, which go to diagnostics/ in the output folder.",
  usage: "[NAME] [OPTIONS]",
  examples: [
    ["lb doctor", "check letterboxd.com"],
    ["lb doctor davee", "check the films pages of one member"],
    ["lb doctor --source sandbox", "an example without problems"]
  ],
  argument: { name: "NAME", isOptional: true },
  takes: (key) => doctorOptions.has(key),
  run: ({ flags, words: [name] }) =>
    loaded(
      () => import("./commands/doctor.ts"),
      (its) => its.doctor(name, flags)
    )
}

const inspectCommand: Command = {
  name: "inspect",
  summary: "Shows a member, a film or all ratings in the terminal.",
  what: "Shows a part of a dataset in the terminal, with a histogram. A member: state, source, proof and time of the list, and what changed. Two members: the films that both rated. A film (its number or slug): mean and median, and who rated it. ratings: all ratings. Reads the dataset, and changes nothing in it.",
  usage: "member NAME [NAME] | film ID|SLUG | ratings [OPTIONS]",
  examples: [
    ["lb inspect member davee", "the member davee"],
    ["lb inspect member davee schaffrillas", "the films that both rated"],
    ["lb inspect film parasite-2019", "the film letterboxd.com/film/parasite-2019"],
    ["lb inspect ratings --json", "all ratings, as JSON"]
  ],
  argument: { name: "member, film or ratings", isOptional: false, isMany: true },
  takes: isDatasetOption,
  run: ({ flags, words }) =>
    loaded(
      () => import("./commands/inspect.ts"),
      (its) => its.inspect(words, flags)
    )
}

const queryCommand: Command = {
  name: "query",
  summary: "Answers a question in SQL about a dataset in any storage.",
  what: "Answers one SQL query over the views ratings, watched, films, members, changes and readings of a dataset in any storage, with DuckDB. DESCRIBE ratings shows the columns of a view. A query can only read these views: no file, no network. Changes nothing in the dataset.",
  usage: '"SQL" [OPTIONS]',
  examples: [
    ['lb query "select film_title, avg(rating) from ratings group by all limit 10"', "the mean of ten films"],
    ['lb query "describe ratings"', "the columns of a view"],
    ['lb query "from members" --format csv > members.csv', "all members, as a CSV file"]
  ],
  argument: { name: "query", isOptional: false },
  takes: (key) => isDatasetOption(key) || queryOptions.has(key),
  run: ({ flags, words: [sql = ""] }) =>
    loaded(
      () => import("./commands/query.ts"),
      (its) => its.query(sql, flags)
    )
}

const pageCommand: Command = {
  name: "page",
  summary: "Shows how a page is read, for a bug report.",
  what: "Shows how a page is read: the verdict, the films or members on it, and the generation of its markup, which is what a bug report needs. The page is a file (saved from a browser, or kept in diagnostics/), or an address of the site, which is asked for as politely as in a run. Shows no cookies, and writes nothing.",
  usage: "FILE|URL [OPTIONS]",
  examples: [
    ["lb page saved.html", "a page that was saved from a browser"],
    ["lb page https://letterboxd.com/davee/films/", "a page of the site"]
  ],
  argument: { name: "FILE or URL", isOptional: false },
  takes: (key) => pageOptions.has(key),
  run: ({ flags, words: [text = ""] }) =>
    loaded(
      () => import("./commands/page.ts"),
      (its) => its.page(text, flags)
    )
}

const pluginsCommand: Command = {
  name: "plugins",
  summary: "Shows the sources, storages and layouts, and what is missing.",
  what: "Shows the sources, storages and layouts with their versions. Loads the package of each; where one is missing, it shows why and how to install it. Reads no dataset and no site.",
  usage: "[OPTIONS]",
  examples: [
    ["lb plugins", "what can be used here"],
    ["lb plugins --json", "the same, as one JSON object for each"]
  ],
  takes: (key) => pluginsOptions.has(key),
  run: ({ flags: { json } }) =>
    loaded(
      () => import("./commands/plugins.ts"),
      (its) => its.plugins(json === "true")
    )
}

const initCommand: Command = {
  name: "init",
  summary: "Writes lb.config.json, with comments.",
  what: "Writes a configuration file with comments: where ratings come from, how and where they are stored, and what else people set. Asks on a terminal; otherwise, and with --yes, it takes the defaults. Never overwrites a file.",
  usage: "[OPTIONS]",
  examples: [
    ["lb init", "lb.config.json in this folder"],
    ["lb init --source sandbox --yes", "the same without questions"]
  ],
  takes: (key) => initOptions.has(key),
  run: ({ flags }) =>
    loaded(
      () => import("./commands/init.ts"),
      (its) => its.init(flags)
    )
}

const configCommand: Command = {
  name: "config",
  summary: "Shows the value of each option, and where it comes from.",
  what: "Shows the value of each option, and where it comes from: a flag, a variable, the configuration file, or the default. Takes the options of all commands, so put config in the place of a command to see what it would use. Shows no secrets, reads no dataset, and changes nothing.",
  usage: "[OPTIONS]",
  examples: [
    ["lb config", "what commands in this folder use"],
    ["lb config --rate 1 --json", "the same with a flag, as JSON"]
  ],
  takes: (key) => !queryOptions.has(key),
  run: ({ flags }) =>
    loaded(
      () => import("./commands/config.ts"),
      (its) => its.config(flags)
    )
}

/**
 * The commands in the groups of the help, the usual ones first.
 *
 * @since 0.1.0
 * @category models
 */
export const commandGroups: ReadonlyArray<CommandGroup> = [
  { title: "Usual commands", commands: [runCommand, importCommand, statusCommand, reportCommand, exportCommand] },
  { title: "Members", commands: [userCommand, refreshCommand, renameCommand, forgetCommand] },
  { title: "Look", commands: [inspectCommand, queryCommand, logCommand, watchCommand] },
  { title: "Check", commands: [verifyCommand, doctorCommand, pageCommand] },
  { title: "Set up", commands: [initCommand, configCommand, pluginsCommand] }
]

/**
 * The commands, in the order of the help.
 *
 * @since 0.1.0
 * @category models
 */
export const commands: ReadonlyArray<Command> = commandGroups.flatMap((group) => group.commands)
