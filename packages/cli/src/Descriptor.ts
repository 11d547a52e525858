/**
 * A command as the parser knows it.
 *
 * @since 0.1.0
 */
import * as Args from "@effect/cli/Args"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import * as Options from "@effect/cli/Options"
import { Option } from "effect"
import type { Command } from "./Command.ts"
import { flagOf, type OptionKey, optionKeys, optionTable } from "./options/OptionTable.ts"

/** The values that an option may have, of those that complete. */
type Choices = Readonly<Partial<Record<OptionKey, ReadonlyArray<string>>>>

/**
 * The options of a command, in the order of the table.
 *
 * @since 0.1.0
 * @category constructors
 */
export const keysOf = (command: Command): ReadonlyArray<OptionKey> => optionKeys.filter(command.takes)

/**
 * The names of the switches of a command.
 *
 * @since 0.1.0
 * @category constructors
 */
export const switchesOf = (command: Command): ReadonlyArray<string> => Object.keys(command.switches ?? {})

const textOf = (key: OptionKey, words: ReadonlyArray<string> | undefined): Options.Options<Option.Option<string>> => {
  const { help, isSwitch, value } = optionTable[key]
  if (words !== undefined)
    return Options.choice(flagOf(key), words).pipe(Options.withDescription(help), Options.optional)
  return isSwitch
    ? Options.boolean(flagOf(key)).pipe(
        Options.withDescription(help),
        Options.map((isOn) => (isOn ? Option.some("true") : Option.none()))
      )
    : Options.text(flagOf(key)).pipe(Options.withPseudoName(value), Options.withDescription(help), Options.optional)
}

/**
 * A command for the parser, or for completions, which know `choices`. The arguments take every other word, so that the message can say what is
 * wrong with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const descriptorOf = (command: Command, choices: Choices = {}) =>
  CommandDescriptor.make(
    command.name,
    Options.all({
      texts: Options.all(keysOf(command).map((key) => textOf(key, choices[key]))),
      switches: Options.all(switchesOf(command).map((name) => Options.boolean(name)))
    }),
    Args.repeated(Args.text({ name: command.argument?.name ?? "word" }))
  ).pipe(CommandDescriptor.withDescription(command.summary))
