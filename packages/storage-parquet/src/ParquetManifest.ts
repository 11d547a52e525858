/**
 * The manifest of a folder of Parquet files.
 */
import { type RowCounts, type RowTable } from "@letterboxd-ratings/core"
import {
  countFields,
  emptyEntry,
  FileEntry,
  type FolderManifest,
  formatFields,
  highestNumber,
  manifestText
} from "@letterboxd-ratings/storage-folder"
import { type DateTime, Schema } from "effect"

/** The first and the last of some ids in a row. */
type Range = readonly [first: number, last: number]

/** The ranges in a text. */
const rangesIn = (text: string): ReadonlyArray<Range> =>
  text.split(",").map((range) => {
    const [first = 0, last = first] = range.split("-").map(Number)
    return [first, last]
  })

/** How many ids there are in ranges. */
const countIn = (ranges: ReadonlyArray<Range>): number =>
  ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)

/** Ranges rise and have nothing in common. */
const areRising = (ranges: ReadonlyArray<Range>): boolean => {
  let before = 0
  for (const [first, last] of ranges) {
    if (first <= before || last < first || last > highestNumber) return false
    before = last
  }
  return true
}

/** The ids of users of whom rows stand in a part, as ranges in order: `1-10,14`. */
const UserRanges = Schema.String.pipe(
  Schema.pattern(/^\d+(-\d+)?(,\d+(-\d+)?)*$/u),
  Schema.filter((text) => areRising(rangesIn(text)) || "the ids do not rise, or are no ids")
)

const partPattern = /^(ratings|watched|changes|readings)\/part-(\d{6,9})\.parquet$/u

/** The entry of a file with one name. */
const entryOf = (wanted: string) =>
  FileEntry.pipe(Schema.filter(({ name }) => name === wanted || `its name is not ${wanted}`))

const PartEntry = Schema.Struct({ ...FileEntry.fields, users: UserRanges })

/** A part of the rows of a table. */
export interface PartEntry extends Schema.Schema.Type<typeof PartEntry> {}

const partsOf = (table: RowTable) =>
  Schema.Array(
    PartEntry.pipe(
      Schema.filter(({ name, rows, users }) =>
        partPattern.exec(name)?.[1] !== table
          ? `its name is not one of a part of ${table}`
          : countIn(rangesIn(users)) <= rows || "it has more users than rows"
      )
    )
  )

export const membersName = "members.parquet"
export const filmsName = "films.parquet"

/**
 * The manifest, format 1 of a dataset that keeps nothing besides stars, 2 of others. `parts` are the files of the ratings
 * in their order, `watched`, `changes` and `readings` those of the tables that are called so, where they are kept; `removed` went
 * away with the last batch. `idGaps` counts the user ids that an adopted dataset skipped; ours have none.
 */
export const ParquetManifest = Schema.Struct({
  ...formatFields,
  storage: Schema.Literal("parquet"),
  batches: countFields.batches,
  committedAt: Schema.DateTimeUtc,
  idGaps: countFields.idGaps,
  members: entryOf(membersName),
  films: entryOf(filmsName),
  parts: partsOf("ratings"),
  watched: Schema.optionalWith(partsOf("watched"), { exact: true }),
  changes: Schema.optionalWith(partsOf("changes"), { exact: true }),
  readings: Schema.optionalWith(partsOf("readings"), { exact: true }),
  removed: Schema.Array(Schema.String.pipe(Schema.pattern(partPattern)))
})

export interface ParquetManifest extends Schema.Schema.Type<typeof ParquetManifest>, FolderManifest {
  readonly keeps?: Schema.Schema.Type<typeof formatFields.keeps.from>
  readonly removed: ReadonlyArray<string>
}

export const parquetManifestText = manifestText(ParquetManifest)

/** The manifest of a dataset that holds nothing and has no files yet. */
export const emptyManifest = (committedAt: DateTime.Utc): ParquetManifest => ({
  format: 1,
  storage: "parquet",
  batches: 0,
  committedAt,
  idGaps: 0,
  members: emptyEntry(membersName),
  films: emptyEntry(filmsName),
  parts: [],
  removed: []
})

/** The parts of a table in their order. */
export const partsIn = (manifest: ParquetManifest, table: RowTable): ReadonlyArray<PartEntry> =>
  (table === "ratings" ? manifest.parts : manifest[table]) ?? []

/** The files a manifest vouches for. */
export const entriesOf = (manifest: ParquetManifest): ReadonlyArray<FileEntry> => [
  manifest.members,
  manifest.films,
  ...partsIn(manifest, "ratings"),
  ...partsIn(manifest, "watched"),
  ...partsIn(manifest, "changes"),
  ...partsIn(manifest, "readings")
]

const rowsIn = (parts: ReadonlyArray<PartEntry>): number => parts.reduce((sum, { rows }) => sum + rows, 0)

/** How many rows the tables have. */
export const rowCounts = (manifest: ParquetManifest): RowCounts => ({
  ratings: rowsIn(partsIn(manifest, "ratings")),
  watched: rowsIn(partsIn(manifest, "watched")),
  changes: rowsIn(partsIn(manifest, "changes")),
  readings: rowsIn(partsIn(manifest, "readings"))
})

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

/** The ids in a text of ranges, in order. */
export const idsIn = (text: string): ReadonlyArray<number> =>
  rangesIn(text).flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))

/** Whether all ids in a text of ranges are some of these; no more of them are written out than there are of these. */
export const areAmong = (text: string, ids: ReadonlySet<number>): boolean =>
  countIn(rangesIn(text)) <= ids.size && idsIn(text).every((id) => ids.has(id))

/** Names of parts sort as their numbers do, so that a pattern finds them in order. */
export const partName = (table: RowTable, number: number): string =>
  `${table}/part-${String(number).padStart(6, "0")}.parquet`

/** The number of a part; none where it is no name of a part. */
export const partNumber = (name: string): number | undefined => {
  const digits = partPattern.exec(name)?.[2]
  return digits === undefined ? undefined : Number(digits)
}
