/**
 * What to type about an error of a storage.
 *
 * @since 0.1.0
 */
import type { Remedy, StorageError } from "@letterboxd-ratings/core"
import { Match } from "effect"
import { flagOf, optionKeys } from "./options/OptionTable.ts"
import { shown } from "./Shown.ts"

/**
 * Which dataset of a command an error is about: the one it works on, or the one that an export goes to.
 *
 * @since 0.1.0
 * @category models
 */
export type Subject = "dataset" | "export"

const optionOf = (option: string, value: string): string => {
  const key = optionKeys.find((one) => one === option)
  return key === undefined ? `--storage-options ${option}=${shown(value)}` : `--${flagOf(key)} ${shown(value)}`
}

const words = (subject: Subject) => {
  const place = subject === "dataset" ? "--out" : "--into"
  return Match.type<Remedy>().pipe(
    Match.tagsExhaustive({
      StartNew: () => "Start one with --mode new.",
      Continue: () => "Go on with it: --mode continue.",
      SetAside: () =>
        subject === "dataset"
          ? `Go on with it (--mode continue), choose another place (${place}), or let it be moved aside (--yes).`
          : `Choose another place (${place}), or let it be moved aside (--yes).`,
      ChoosePlace: () => `Choose another place (${place}).`,
      UseStorage: ({ storage }) => `Go on with --storage ${shown(storage)}, or choose another place (${place}).`,
      UseFolder: ({ folder }) => `Go on with ${place} ${shown(folder)}.`,
      UseOption: ({ option, value }) => `Go on with ${optionOf(option, value)}, or start a new dataset elsewhere.`,
      NameFiles: () =>
        `If they are a dataset, say what its files are called ("files" in lb.config.json) or where it is (${place}). --mode new starts another dataset and does not read them.`,
      Verify: () => "`lb verify` tells more.",
      Repair: () => "`lb verify --repair` repairs it, and keeps what it changes.",
      CorrectAddress: () =>
        subject === "dataset" ? "Correct the address in LB_STORAGE_URL." : "Correct the address in LB_INTO_URL."
    })
  )
}

/**
 * What happened, and what to type now.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withAdvice = (error: StorageError, subject: Subject = "dataset"): string =>
  error.remedy === undefined ? `${error.message}.` : `${error.message}. ${words(subject)(error.remedy)}`
