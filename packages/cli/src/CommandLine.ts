/**
 * Reads the command line by the table of options.
 *
 * @since 0.1.0
 */
import { Data } from "effect"
import { parseArgs } from "node:util"
import type { Command, Given } from "./Command.ts"
import { nearest } from "./Nearest.ts"
import { flagOf, type OptionKey, optionKeys, optionTable } from "./options/OptionTable.ts"
import { shown } from "./Shown.ts"

/**
 * What a command line asks for. `Wrong` says in one line what is the matter with it and what to do.
 *
 * @since 0.1.0
 * @category models
 */
export type Asked = Data.TaggedEnum<{
  Help: { readonly command: Command | undefined }
  Version: {}
  Run: { readonly command: Command; readonly given: Given }
  Wrong: { readonly sentence: string }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Asked = Data.taggedEnum<Asked>()

const nameOf = (command: Command): string => `lb ${command.name}`

/**
 * Reads the words behind `lb`. The first thing that is wrong is the one that is told.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readCommandLine = (commands: ReadonlyArray<Command>, words: ReadonlyArray<string>): Asked => {
  const [first, ...rest] = words
  if (first === undefined || first === "--help" || first === "-h") return Asked.Help({ command: undefined })
  if (first === "--version") return Asked.Version()
  const asksForHelp = first === "help"
  const name = asksForHelp ? rest[0] : first
  if (name === undefined) return Asked.Help({ command: undefined })
  const command = commands.find((one) => one.name === name)
  if (command !== undefined) return asksForHelp ? Asked.Help({ command }) : readWords(commands, command, rest)
  return Asked.Wrong({
    sentence: name.startsWith("-")
      ? `The command comes first, and options such as ${shown(name)} behind it. All commands: lb --help`
      : `${shown(name)} is not a command of lb. Did you mean ${nearest(name, commands.map((one) => one.name))}? All commands: lb --help`
  })
}

const readWords = (commands: ReadonlyArray<Command>, command: Command, words: ReadonlyArray<string>): Asked => {
  const keys = new Map(optionKeys.filter(command.takes).map((key): readonly [string, OptionKey] => [flagOf(key), key]))
  const switches = Object.keys(command.switches ?? {})
  const { tokens } = parseArgs({
    args: [...words],
    options: {
      help: { type: "boolean", short: "h" },
      ...Object.fromEntries(switches.map((name) => [name, { type: "boolean" as const }])),
      ...Object.fromEntries([...keys].map(([name, key]) => [name, { type: optionTable[key].isSwitch ? "boolean" as const : "string" as const }]))
    },
    allowPositionals: true,
    strict: false,
    tokens: true
  })
  if (tokens.some((token) => token.kind === "option" && token.name === "help")) return Asked.Help({ command })

  const wrong = (sentence: string) => Asked.Wrong({ sentence: `${sentence} All options: ${nameOf(command)} --help` })
  const flags: Partial<Record<OptionKey, string>> = {}
  const said = new Set<string>()
  let argument: string | undefined
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue
    if (token.kind === "positional") {
      if (command.argument === undefined) return wrong(`${nameOf(command)} takes options only, which begin with --, and ${shown(token.value)} does not.`)
      if (argument !== undefined) return wrong(`${nameOf(command)} takes one ${command.argument.name}, and ${shown(token.value)} is a second one.`)
      argument = token.value
      continue
    }
    const key = keys.get(token.name)
    if (key === undefined && !switches.includes(token.name)) return wrong(unknownOption(commands, command, token.rawName, [...keys.keys(), ...switches]))
    if (said.has(token.name)) return wrong(`${token.rawName} is there twice. Say it once.`)
    said.add(token.name)
    if (key === undefined) {
      if (token.value !== undefined) return wrong(`${token.rawName} takes no value.`)
    } else if (optionTable[key].isSwitch) {
      flags[key] = token.value ?? "true"
    } else if (token.value === undefined || (!token.inlineValue && /^(?:--|-h$)/u.test(token.value))) {
      return wrong(`${token.rawName} needs a value: ${token.rawName} ${optionTable[key].value}.`)
    } else {
      flags[key] = token.value
    }
  }
  if (command.argument?.isOptional === false && argument === undefined) {
    return wrong(`${nameOf(command)} needs a ${command.argument.name}, as in ${command.examples[0][0]}.`)
  }
  return Asked.Run({ command, given: { flags, switches: new Set(switches.filter((name) => said.has(name))), argument } })
}

/** An option of another command is named as that; anything else is taken for a known one that was mistyped. */
const unknownOption = (commands: ReadonlyArray<Command>, command: Command, rawName: string, known: ReadonlyArray<string>): string => {
  const name = rawName.replace(/^-+/u, "")
  const key = optionKeys.find((one) => flagOf(one) === name)
  const others = commands.filter((one) => key === undefined ? Object.hasOwn(one.switches ?? {}, name) : one.takes(key)).map(nameOf)
  return others.length > 0
    ? `${rawName} goes with ${others.join(" and ")}, not with ${nameOf(command)}.`
    : `${shown(rawName)} is not an option of ${nameOf(command)}. Did you mean --${nearest(name, known)}?`
}
