/**
 * The help, from the commands and the table of options: plain text, as wide as whoever reads it can take.
 *
 * @since 0.1.0
 */
import type { Command, Example } from "./Command.ts"
import { flagOf, optionGroups, type OptionKey, optionKeys, optionTable, variableOf } from "./options/OptionTable.ts"

/** Lines longer than this are hard to read, however wide the terminal is. */
const widest = 100
const narrowest = 20

/** A text in lines of `width` letters at most, broken between words, `indent` spaces before each. */
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

/** Names on the left and what they are on the right, or below where there is too little room beside. */
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
  "0 all members complete; 1 bad input or configuration, or output that cannot be written; 2 finished, but some members are partial, or ended by --max-requests or --max-time; 3 stopped by the site or by pages that were not understood; 4 the dataset is damaged or locked; 130 interrupted. What was committed is kept in each case."

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
            `Every option${own.map(([name]) => ` but ${name}`).join("")} may also be a variable (--${flagOf(example)} is ${variableOf(example)}) or stand in lb.config.json ("${example}", and "files" for the names of the dataset's files). The command line comes before variables, and these before the file.`,
            width
          ),
          ""
        ]),
    ...wrapped(`Exit codes: ${exitCodes}`, width),
    ""
  ].join("\n")
}

/**
 * The help of `lb` itself: its commands, and what to type first.
 *
 * @since 0.1.0
 * @category constructors
 */
export const helpOfAll = (commands: ReadonlyArray<Command>, version: string, screenWidth: number): string => {
  const width = within(screenWidth)
  return [
    ...wrapped(`lb ${version} makes a ratings dataset out of Letterboxd, and never loses a row silently.`, width),
    "",
    ...wrapped("Usage: lb COMMAND [OPTIONS]", width),
    "",
    "Commands:",
    ...listed(
      commands.map(({ name, summary, usage }) => [`${name} ${usage}`.replace(/ ?\[OPTIONS\]$/u, ""), summary] as const),
      width
    ),
    "",
    "Examples:",
    ...examplesOf(
      commands.flatMap(({ examples }) => examples.slice(0, 1)),
      width
    ),
    "",
    ...wrapped("lb help COMMAND (or lb COMMAND --help) tells all about a command and its options.", width),
    ...wrapped("lb --completions bash (or fish, or zsh) writes what the shell needs to complete them.", width),
    ""
  ].join("\n")
}
