/**
 * The options as flags of a command, and the help that goes with them.
 *
 * @since 0.1.0
 */
import { HelpDoc, Options, Span } from "@effect/cli"
import { Array, Option } from "effect"
import { flagOf, optionKeys, type OptionKey, type OptionSpec, optionTable, variableOf } from "./OptionTable.ts"
import type { Flags } from "./Settings.ts"

const flag = (key: OptionKey, spec: OptionSpec<unknown>): Options.Options<Option.Option<string>> => {
  const shown = typeof spec.fallback !== "string" && typeof spec.fallback !== "number" || spec.isSwitch ? "" : ` (default ${String(spec.fallback)})`
  const help = `${spec.help}${shown} Variable: ${variableOf(key)}.`
  return spec.isSwitch
    ? Options.boolean(flagOf(key)).pipe(
      Options.withDescription(help),
      Options.map((isOn) => isOn ? Option.some("true") : Option.none())
    )
    : Options.text(flagOf(key)).pipe(
      Options.withPseudoName(spec.value),
      Options.withDescription(help),
      Options.optional
    )
}

/**
 * Options as flags, in the order of the table; what comes out are their texts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const flagsOf = (takes: (key: OptionKey) => boolean): { readonly flags: Options.Options<Flags> } => {
  const keys = optionKeys.filter(takes)
  const flags = Options.all(keys.map((key) => flag(key, optionTable[key])))
  return {
    flags: Options.map(flags, (texts) => {
      const said: Partial<Record<OptionKey, string>> = {}
      for (const [i, key] of keys.entries()) {
        const text = texts[i]
        if (text !== undefined && Option.isSome(text)) said[key] = text.value
      }
      return said
    })
  }
}

const datasetOptions = new Set<OptionKey>(["storage", "storageOptions", "out", "testMode", "json", "config"])

/**
 * The options of commands that look at a dataset and read nothing from a site.
 *
 * @since 0.1.0
 * @category models
 */
export const isDatasetOption = (key: OptionKey): boolean => datasetOptions.has(key)

/**
 * A command's help: what it does, examples, and what its exit codes mean.
 *
 * @since 0.1.0
 * @category constructors
 */
export const helpOf = (
  what: string,
  examples: Array.NonEmptyReadonlyArray<readonly [command: string, what: string]>
): HelpDoc.HelpDoc =>
  HelpDoc.blocks([
    HelpDoc.p(what),
    HelpDoc.p("Examples:"),
    HelpDoc.enumeration(Array.map(examples, ([command, words]) => HelpDoc.p(Span.spans([Span.code(command), Span.text(`  ${words}`)])))),
    HelpDoc.p(
      "Every option may stand on the command line, in a variable, or in lb.config.json (camelCase, with \"files\" for the names of the dataset's files); the first of these counts."
    ),
    HelpDoc.p(
      "Exit codes: 0 all members complete; 1 bad input or configuration, or output that cannot be written; 2 finished, but some members are partial, or ended by --max-requests or --max-time; 3 stopped by the site or by pages that were not understood; 4 the dataset is damaged or locked; 130 interrupted. What was committed is kept in each case."
    )
  ])
