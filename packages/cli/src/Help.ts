/**
 * The help, made from the commands and the table of options. Plain text, as wide as the screen.
 *
 * @since 0.1.0
 */
import type { Command, CommandGroup, Example } from "./Command.ts"
import { flagOf, optionGroups, type OptionKey, optionKeys, optionTable, variableOf } from "./options/OptionTable.ts"

/** Longer lines are hard to read, even on a wide terminal. */
const widest = 100
const narrowest = 20

/** The text in lines of at most `width` letters, broken between words and indented by `indent` spaces. */
const wrapped = (text: string, width: number, indent = 0): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width - indent) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].map((one) => " ".repeat(indent) + one)
}

/** Names on the left and descriptions on the right, or below on a narrow screen. */
const listed = (rows: ReadonlyArray<readonly [name: string, what: string]>, width: number): ReadonlyArray<string> => {
  const column = Math.min(30, rows.reduce((most, [name]) => Math.max(most, name.length), 0) + 4)
  return rows.flatMap(([name, what]) => {
    if (width < column + 30) return [`  ${name}`, ...wrapped(what, width, 6)]
    const lines = wrapped(what, width, column)
    return name.length + 4 > column
      ? [`  ${name}`, ...lines]
      : [`  ${name}`.padEnd(column) + (lines[0] ?? "").trimStart(), ...lines.slice(1)]
  })
}

const examplesOf = (examples: ReadonlyArray<Example>, width: number): ReadonlyArray<string> =>
  examples.flatMap(([command, what]) => [`  ${command}`, ...wrapped(what, width, 6)])

/**
 * An option as it is typed: `--batches N`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const usageOf = (key: OptionKey): string =>
  `--${flagOf(key)}${optionTable[key].isSwitch ? "" : ` ${optionTable[key].value}`}`

const optionHelp = (key: OptionKey): string => {
  const { fallback, help, isSwitch } = optionTable[key]
  return isSwitch || (typeof fallback !== "string" && typeof fallback !== "number")
    ? help
    : `${help} Default: ${fallback}.`
}

const exitCodes =
  "0 success; 1 invalid input or configuration, or output that cannot be written; 2 some members are partial, or --max-requests or --max-time was reached; 3 stopped by the site or by unknown pages; 4 the dataset is damaged or locked; 130 interrupted (Ctrl-C, SIGTERM, SIGHUP). Committed batches are always kept."

/** The variables for URLs, which have no option because a URL may hold a password. */
const urlsOf = (command: Command): string =>
  command.takes("to")
    ? " LB_STORAGE_URL is the URL of the postgres database to export from, LB_INTO_URL of the one to export to (default: the same)."
    : command.takes("storage")
      ? " LB_STORAGE_URL is the URL of the database for --storage postgres."
      : ""

const within = (width: number): number => Math.max(narrowest, Math.min(width, widest))

/**
 * The help of one command.
 *
 * @since 0.1.0
 * @category constructors
 */
export const helpOfCommand = (command: Command, screenWidth: number): string => {
  const width = within(screenWidth)
  const keys = optionKeys.filter(command.takes)
  const example = keys.find((key) => flagOf(key).includes("-")) ?? keys[0]
  const own = Object.entries(command.switches ?? {}).map(([name, help]) => [`--${name}`, help] as const)
  const groups = optionGroups
    .map(({ keys: all, title }, i) => ({
      title,
      rows: [
        ...(i === 0 ? own : []),
        ...all.filter((key) => keys.includes(key)).map((key) => [usageOf(key), optionHelp(key)] as const)
      ]
    }))
    .filter(({ rows }) => rows.length > 0)
  return [
    ...wrapped(`Usage: lb ${command.name} ${command.usage}`, width),
    "",
    ...wrapped(command.what, width),
    "",
    "Examples:",
    ...examplesOf(command.examples, width),
    ...groups.flatMap(({ rows, title }) => ["", `${title}:`].concat(listed(rows, width))),
    "",
    ...(example === undefined
      ? []
      : [
          ...wrapped(
            `You can also set every option${own.map(([name]) => ` except ${name}`).join("")} as a variable (--${flagOf(example)} is ${variableOf(example)}) or in lb.config.json ("${example}"; "files" sets the file names of the dataset). Flags override variables, and variables override the file.${urlsOf(command)}`,
            width
          ),
          ""
        ]),
    ...wrapped(`Exit codes: ${exitCodes}`, width),
    ""
  ].join("\n")
}

/** What follows the name of a command in a list: its first argument, without options. */
const nameOf = ({ name, usage }: Command): string =>
  `${name} ${usage.replaceAll(/ ?\[-[^\]]*\]| ?\[OPTIONS\]$/gu, "")}`.trimEnd()

/**
 * The help of `lb` itself: its commands, and an example of each usual one, which are those of the first group.
 *
 * @since 0.1.0
 * @category constructors
 */
export const helpOfAll = (groups: ReadonlyArray<CommandGroup>, version: string, screenWidth: number): string => {
  const width = within(screenWidth)
  return [
    ...wrapped(`lb ${version} makes a ratings dataset from Letterboxd and never loses a row silently.`, width),
    "",
    ...wrapped("Usage: lb COMMAND [OPTIONS]", width),
    ...groups.flatMap(({ commands, title }) =>
      ["", `${title}:`].concat(
        listed(
          commands.map((command) => [nameOf(command), command.summary] as const),
          width
        )
      )
    ),
    "",
    "Examples:",
    ...examplesOf(
      groups.slice(0, 1).flatMap(({ commands }) => commands.flatMap(({ examples }) => examples.slice(0, 1))),
      width
    ),
    "",
    ...wrapped("lb help COMMAND (or lb COMMAND --help) explains a command and its options.", width),
    ...wrapped("lb help completions explains how to complete commands and options with Tab.", width),
    ...wrapped("lb --version shows the version, and lb version -v also those that a bug report needs.", width),
    ""
  ].join("\n")
}

/**
 * How to set up completions, for each shell.
 *
 * @since 0.1.0
 * @category constructors
 */
export const helpOfCompletions = (screenWidth: number): string => {
  const width = within(screenWidth)
  return [
    ...wrapped("Usage: lb --completions bash|fish|zsh", width),
    "",
    ...wrapped(
      "Writes a completion script to standard output. With it, the Tab key completes the commands and options of lb. The script works for a command named lb: install the command, or define an alias or a function with this name.",
      width
    ),
    "",
    ...examplesOf(
      [
        [`eval "$(lb --completions bash)"`, "bash 4.4 or later: add this line to ~/.bashrc"],
        ["lb --completions fish > ~/.config/fish/completions/lb.fish", "fish: run this once"],
        [
          "source <(lb --completions zsh)",
          "zsh: add this line to ~/.zshrc, after compinit (autoload -U compinit; compinit)"
        ]
      ],
      width
    ),
    ""
  ].join("\n")
}
