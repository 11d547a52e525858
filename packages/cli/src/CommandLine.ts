/**
 * Parses the command line.
 *
 * @since 0.1.0
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import * as HelpDoc from "@effect/cli/HelpDoc"
import type { FileSystem, Path, Terminal } from "@effect/platform"
import { Data, Effect, Option } from "effect"
import { stripVTControlCharacters } from "node:util"
import type { Command, Given } from "./Command.ts"
import { descriptorOf, keysOf, switchesOf } from "./Descriptor.ts"
import { didYouMean } from "./Nearest.ts"
import { flagOf, type OptionKey, optionKeys, optionTable } from "./options/OptionTable.ts"
import { shown } from "./Shown.ts"

/**
 * A shell for which there are completions.
 *
 * @since 0.1.0
 * @category models
 */
export type Shell = "bash" | "fish" | "zsh"

/**
 * What a command line asks for. `Wrong` has one line: what is wrong, and what to do.
 *
 * @since 0.1.0
 * @category models
 */
export type Asked = Data.TaggedEnum<{
  Help: { readonly command: Command | undefined }
  Version: { readonly isVerbose: boolean }
  Completions: { readonly shell: Shell }
  CompletionsHelp: {}
  Run: { readonly command: Command; readonly given: Given }
  Wrong: { readonly sentence: string }
}>

/**
 * @since 0.1.0
 * @category constructors
 */
export const Asked = Data.taggedEnum<Asked>()

type Services = FileSystem.FileSystem | Path.Path | Terminal.Terminal

const nameOf = (command: Command): string => `lb ${command.name}`

const isShell = (word: string | undefined): word is Shell => word === "bash" || word === "fish" || word === "zsh"

/** Without case sensitivity, the parser silently drops options in another case. */
const config = CliConfig.make({
  isCaseSensitive: true,
  autoCorrectLimit: 0,
  finalCheckBuiltIn: false,
  showBuiltIns: false
})

/**
 * Parses the words after `lb`. Options end at `--`: what stands behind it is taken as it is. Reports the first error only.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readCommandLine = (
  commands: ReadonlyArray<Command>,
  words: ReadonlyArray<string>
): Effect.Effect<Asked, never, Services> => {
  const [first, ...rest] = words
  if (first === undefined || first === "--help" || first === "-h")
    return Effect.succeed(Asked.Help({ command: undefined }))
  if (first === "--version" || first === "version") return Effect.succeed(readVersion(rest))
  if (first === "--completions") {
    return Effect.succeed(
      isShell(rest[0])
        ? Asked.Completions({ shell: rest[0] })
        : Asked.Wrong({
            sentence:
              "--completions needs a shell: bash, fish or zsh. How to use it: lb help completions. All commands: lb --help"
          })
    )
  }
  const asksForHelp = first === "help"
  const name = asksForHelp ? rest[0] : first
  if (name === undefined) return Effect.succeed(Asked.Help({ command: undefined }))
  if (asksForHelp && /^(?:--)?version$/u.test(name)) return Effect.succeed(Asked.Help({ command: undefined }))
  if (asksForHelp && /^(?:--)?completions$/u.test(name)) return Effect.succeed(Asked.CompletionsHelp())
  const command = commands.find((one) => one.name === name)
  if (command !== undefined)
    return asksForHelp ? Effect.succeed(Asked.Help({ command })) : readWords(commands, command, rest)
  return Effect.succeed(
    Asked.Wrong({
      sentence: `${
        name.startsWith("-") ? wrongFirstOption(name) : wrongCommand(commands, name)
      } All commands: lb --help`
    })
  )
}

/** `lb --version` and `lb version`, with -v for more. */
const readVersion = (words: ReadonlyArray<string>): Asked => {
  if (words.includes("--help") || words.includes("-h")) return Asked.Help({ command: undefined })
  const odd = words.find((word) => word !== "-v" && word !== "--verbose")
  return odd === undefined
    ? Asked.Version({ isVerbose: words.length > 0 })
    : Asked.Wrong({ sentence: `lb version takes only -v, not ${shown(odd)}. All commands: lb --help` })
}

const firstOptions = ["help", "version", "completions"]

const wrongFirstOption = (word: string): string => {
  const name = word.replace(/^-+/u, "").replace(/=.*$/su, "")
  const meant = didYouMean(name, firstOptions, (one) => `--${one}`)
  return meant === ""
    ? `The command comes first, and options such as ${shown(word)} after it.`
    : `${shown(word)} is not an option of lb.${meant}`
}

const wrongCommand = (commands: ReadonlyArray<Command>, word: string): string => {
  const meant = didYouMean(word, [...commands.map((one) => one.name), "help", "version"], (one) => one)
  return `${shown(word)} is not a command of lb.${meant === "" ? didYouMean(word, firstOptions, (one) => `--${one}`) : meant}`
}

const readWords = (
  commands: ReadonlyArray<Command>,
  command: Command,
  words: ReadonlyArray<string>
): Effect.Effect<Asked, never, Services> => {
  const end = words.includes("--") ? words.indexOf("--") : words.length
  const mayBeOptions = words.slice(0, end)
  if (mayBeOptions.includes("--help") || mayBeOptions.includes("-h")) return Effect.succeed(Asked.Help({ command }))
  const wrong = (sentence: string) => Asked.Wrong({ sentence: `${sentence} All options: ${nameOf(command)} --help` })
  return CommandDescriptor.parse(
    descriptorOf(command),
    [command.name, ...takenApart(command, mayBeOptions)],
    config
  ).pipe(
    Effect.map((directive) => {
      // The parser has options of its own, which lb does not have.
      if (directive._tag === "BuiltIn")
        return wrong(unknownOption(commands, command, mayBeOptions.find((word) => word.startsWith("-")) ?? ""))
      const { args, options } = directive.value
      const flags: Partial<Record<OptionKey, string>> = {}
      for (const [i, key] of keysOf(command).entries()) {
        const text = Option.getOrUndefined(options.texts[i] ?? Option.none())
        // The parser read the next option as the value.
        if (text?.startsWith("--") === true) return wrong(needsValue(key))
        if (text !== undefined) flags[key] = text
      }
      const switches = new Set(switchesOf(command).filter((_, i) => options.switches[i] === true))
      const found = [...args, ...directive.leftover]
      const odd = found.find((word) => word.startsWith("-"))
      if (odd !== undefined) return wrong(oddWord(commands, command, odd, flags, switches))
      const unread = [...found, ...words.slice(end + 1)]
      const [argument, second] = unread
      if (argument !== undefined && command.argument === undefined) {
        return wrong(`${nameOf(command)} takes only options, which begin with --, not ${shown(argument)}.`)
      }
      if (second !== undefined && command.argument !== undefined && command.argument.isMany !== true) {
        return wrong(`${nameOf(command)} takes only one ${command.argument.name}; ${shown(second)} is a second one.`)
      }
      if (command.argument?.isOptional === false && argument === undefined) {
        return wrong(`${nameOf(command)} needs a ${command.argument.name}, for example ${command.examples[0][0]}.`)
      }
      return Asked.Run({ command, given: { flags, switches, words: unread } })
    }),
    Effect.catchAll(({ error }) => Effect.succeed(wrong(`${plain(error)}.`)))
  )
}

/** `-i` as `--input`, and `--out=x` as the two words `--out` and `x`: the parser ignores an empty or blank value after the sign. */
const takenApart = (command: Command, words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const flags = new Set(
    keysOf(command)
      .filter((key) => !optionTable[key].isSwitch)
      .map((key) => `--${flagOf(key)}`)
  )
  return words.flatMap((word) => {
    if (word === "-i" && flags.has("--input")) return ["--input"]
    const at = word.indexOf("=")
    return at > 0 && flags.has(word.slice(0, at)) ? [word.slice(0, at), word.slice(at + 1)] : [word]
  })
}

/** The message of the parser, without colours. */
const plain = (doc: HelpDoc.HelpDoc): string =>
  stripVTControlCharacters(HelpDoc.toAnsiText(doc))
    .replaceAll(/[\s\p{C}]+/gu, " ")
    .trim()
    .replace(/\.$/u, "")
    .slice(0, 300)

const needsValue = (key: OptionKey): string =>
  `--${flagOf(key)} needs a value: --${flagOf(key)} ${optionTable[key].value}.`

/** An option that the parser rejected: it has no value, is repeated, or is unknown. */
const oddWord = (
  commands: ReadonlyArray<Command>,
  command: Command,
  word: string,
  flags: Given["flags"],
  switches: Given["switches"]
): string => {
  const [, name = "", inline] = /^--([^=]*)(=.*)?$/su.exec(word) ?? []
  const key = keysOf(command).find((one) => flagOf(one) === name)
  if (key !== undefined) {
    if (flags[key] !== undefined) return `--${name} is given twice. Give it once.`
    return optionTable[key].isSwitch ? `--${name} takes no value except true or false.` : needsValue(key)
  }
  if (switchesOf(command).includes(name)) {
    return inline !== undefined && !switches.has(name)
      ? `--${name} takes no value.`
      : `--${name} is given twice. Give it once.`
  }
  return unknownOption(commands, command, word)
}

/** The message for an unknown option: it belongs to another command, or was mistyped. */
const unknownOption = (commands: ReadonlyArray<Command>, command: Command, word: string): string => {
  const name = word.replace(/^-+/u, "").replace(/=.*$/su, "")
  const keys = optionKeys.filter((one) => flagOf(one) === name)
  const others = commands
    // It takes the options of all commands.
    .filter((one) => one.name !== "config")
    .filter((one) => (keys.length === 0 ? Object.hasOwn(one.switches ?? {}, name) : keys.some(one.takes)))
    .map(nameOf)
  return others.length > 0
    ? `--${name} is not an option of ${nameOf(command)}${
        name === "storage" && command.takes("from") ? "; use --from." : `, only of ${others.join(" and ")}.`
      }`
    : `${shown(word)} is not an option of ${nameOf(command)}.${didYouMean(
        name,
        [...keysOf(command).map(flagOf), ...switchesOf(command)],
        (one) => `--${one}`
      )}`
}
