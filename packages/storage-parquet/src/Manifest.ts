/**
 * The file that says what is committed.
 */
import { FileEntry, InnerName } from "@letterboxd-ratings/storage-folder"
import { Schema } from "effect"

/** The ids of users of whom rows stand in a part, as ranges in order: `1-10,14`. */
const UserRanges = Schema.String.pipe(Schema.pattern(/^\d+(-\d+)?(,\d+(-\d+)?)*$/u))

const PartEntry = Schema.Struct({ ...FileEntry.fields, users: UserRanges })

/** A part of the ratings. */
export interface PartEntry extends Schema.Schema.Type<typeof PartEntry> {}

/** The format this version writes. A later one is refused. */
export const latestFormat = 1

/**
 * The manifest, format 1. `parts` are the files of the ratings in their order; `removed` went away with the last batch.
 * `idGaps` counts the user ids that an adopted dataset skipped; ours have none.
 */
export const Manifest = Schema.Struct({
  format: Schema.Literal(latestFormat),
  storage: Schema.Literal("parquet"),
  batches: Schema.NonNegativeInt,
  committedAt: Schema.DateTimeUtc,
  idGaps: Schema.NonNegativeInt,
  members: FileEntry,
  films: FileEntry,
  parts: Schema.Array(PartEntry),
  removed: Schema.Array(InnerName)
})

export interface Manifest extends Schema.Schema.Type<typeof Manifest> {}

const ManifestText = Schema.parseJson(Manifest, { space: 2 })

export const encodeManifest = Schema.encode(ManifestText)
export const decodeManifest = Schema.decodeUnknown(ManifestText)

/** Ids as ranges; each id that is not there ends one. */
export const rangesOf = (ids: Iterable<number>): string => {
  const ranges: Array<[first: number, last: number]> = []
  for (const id of [...ids].sort((a, b) => a - b)) {
    const range = ranges.at(-1)
    if (range !== undefined && id === range[1] + 1) range[1] = id
    else ranges.push([id, id])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",")
}

/** The ranges in a text, in order. */
const rangesIn = (text: string): ReadonlyArray<readonly [first: number, last: number]> =>
  text.split(",").map((range) => {
    const [first, last] = range.split("-").map(Number)
    return [first ?? 0, last ?? first ?? 0]
  })

/** The ids in a text of ranges. */
export const idsIn = (text: string): ReadonlyArray<number> =>
  rangesIn(text).flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))

/** The ratings a dataset holds. */
export const ratingsIn = ({ parts }: Manifest): number => parts.reduce((sum, { rows }) => sum + rows, 0)
