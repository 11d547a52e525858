/**
 * Why a dataset in a database is not opened.
 *
 * @since 0.1.0
 */
import { latestFormat, type OpenMode, type Remedy, type StorageErrorReason } from "@letterboxd-ratings/core"
import type { DatasetThere } from "./DatasetRow.ts"

/**
 * A reason, what happened, and what can be done about it.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpeningRefused {
  readonly reason: StorageErrorReason
  readonly detail: string
  readonly remedy?: Remedy
}

const nothingThere: OpeningRefused = {
  reason: "NothingThere",
  detail: "no dataset here",
  remedy: { _tag: "StartNew" }
}

const newerFormat = (format: number): OpeningRefused => ({
  reason: "NewerFormat",
  detail: `a newer version of this tool wrote the dataset (format ${format}; this one knows ${latestFormat}). Nothing was written. Update this tool, or start another dataset elsewhere`
})

/**
 * What stands against looking at what is there; nothing where it is a dataset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lookingRefused = (there: Exclude<DatasetThere, { readonly _tag: "Dataset" }>): OpeningRefused =>
  there._tag === "Nothing" ? nothingThere : newerFormat(there.format)

/**
 * What stands against opening what is there in a mode, if anything does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openingRefused = (mode: OpenMode, there: DatasetThere): OpeningRefused | undefined => {
  if (mode._tag === "continue") {
    return there._tag === "Nothing"
      ? nothingThere
      : there._tag === "NewerFormat"
        ? newerFormat(there.format)
        : undefined
  }
  return mode.existing === "refuse" && there._tag !== "Nothing"
    ? { reason: "AlreadyThere", detail: "a dataset already exists", remedy: { _tag: "SetAside" } }
    : undefined
}
