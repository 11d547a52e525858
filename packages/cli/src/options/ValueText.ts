/**
 * Values of options as they are typed.
 *
 * @since 0.1.0
 */
import { DateTime, Predicate } from "effect"
import { isModule } from "../plugins/LoadedModule.ts"
import { type OptionKey, optionTable } from "./OptionTable.ts"
import { ownerOf, type Settings } from "./Settings.ts"

const textOf = (value: unknown): string => {
  if (DateTime.isDateTime(value)) return DateTime.formatIso(value)
  if (Array.isArray(value)) return value.map(textOf).join(",")
  if (value === Infinity) return "unlimited"
  if (Predicate.isRecord(value))
    return Object.entries(value)
      .map(([name, one]) => `${name}=${textOf(one)}`)
      .join(",")
  return String(value)
}

/** What a default that depends on other things is, in the words of the help. */
const defaultInWords = (key: OptionKey): string => {
  const words = /Default: (.+?)\.(?= |$)/u.exec(optionTable[key].help)?.[1]
  return words ?? ""
}

/**
 * The value of an option as text, or in words if it is a default that has no value. What may be a secret is not shown.
 *
 * @since 0.1.0
 * @category constructors
 */
export const shownValue = (key: OptionKey, settings: Settings): string => {
  const value: unknown = settings[key]
  if (value === undefined) return defaultInWords(key)
  const owner = ownerOf[key]
  const text = textOf(value)
  const isSecret =
    !optionTable[key].isShowable(text) ||
    (owner !== undefined && settings.said.has(key) && isModule(String(settings[owner] ?? "")))
  return isSecret ? "(hidden)" : text
}
