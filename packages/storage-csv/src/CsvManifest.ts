/**
 * The manifest of a folder of CSV files: its lengths are the truth about all other files.
 *
 * @since 0.1.0
 */
import type { RowTable } from "@letterboxd-ratings/core"
import {
  CopyEntry,
  countFields,
  emptyEntry,
  FileEntry,
  type FolderManifest,
  formatFields,
  inPlace,
  manifestText
} from "@letterboxd-ratings/storage-folder"
import { Schema } from "effect"
import { type FileNames, memberRecordsName } from "./FileNames.ts"

/**
 * A file whose content the manifest vouches for. The last three are there in datasets that keep what stands in them.
 *
 * @since 0.1.0
 * @category models
 */
export const CsvFile = Schema.Literal(
  "rawRatings",
  "translatedRatings",
  "userMappings",
  "filmMappings",
  "userUpdates",
  "memberRecords",
  "watchedFilms",
  "changes",
  "readings"
)

/**
 * @since 0.1.0
 * @category models
 */
export type CsvFile = typeof CsvFile.Type

/** The files that hold the rows of tables with many. */
export const rowFiles = {
  ratings: "rawRatings",
  watched: "watchedFilms",
  changes: "changes",
  readings: "readings"
} as const satisfies { readonly [T in RowTable]: CsvFile }

/** Each row has a line end at least. */
const CsvEntry = FileEntry.pipe(
  Schema.filter(({ bytes, rows }) => rows <= bytes || `${rows} rows cannot stand in ${bytes} bytes`)
)

/**
 * The manifest, format 1 of a dataset that keeps nothing besides stars, 2 of others. A file's `bytes` count its header,
 * its `rows` do not, and its checksum is carried on from batch to batch. The manifest's size does not depend on the
 * dataset's. `copies` are the files that were written once with the last batch. `idGaps` counts the user ids that an
 * adopted dataset skipped; ours have none.
 *
 * @since 0.1.0
 * @category models
 */
export const CsvManifest = Schema.Struct({
  ...formatFields,
  filmLabel: Schema.Literal("title", "slug"),
  batches: countFields.batches,
  committedAt: Schema.DateTimeUtc,
  files: Schema.Struct({
    rawRatings: CsvEntry,
    translatedRatings: CsvEntry,
    userMappings: CsvEntry,
    filmMappings: CsvEntry,
    userUpdates: CsvEntry,
    memberRecords: CsvEntry,
    watchedFilms: Schema.optionalWith(CsvEntry, { exact: true }),
    changes: Schema.optionalWith(CsvEntry, { exact: true }),
    readings: Schema.optionalWith(CsvEntry, { exact: true })
  }),
  copies: Schema.Array(CopyEntry),
  idGaps: countFields.idGaps
})

/**
 * @since 0.1.0
 * @category models
 */
export interface CsvManifest extends Schema.Schema.Type<typeof CsvManifest>, FolderManifest {
  readonly keeps?: Schema.Schema.Type<typeof formatFields.keeps.from>
  readonly copies: ReadonlyArray<CopyEntry>
}

export const csvManifestText = manifestText(CsvManifest)

/** The manifest of a dataset that holds nothing and has no files yet. */
export const emptyManifest = (
  names: FileNames,
  { committedAt, filmLabel }: Pick<CsvManifest, "committedAt" | "filmLabel">
): CsvManifest => ({
  format: 1,
  filmLabel,
  batches: 0,
  committedAt,
  files: {
    rawRatings: emptyEntry(names.rawRatings),
    translatedRatings: emptyEntry(names.translatedRatings),
    userMappings: emptyEntry(names.userMappings),
    filmMappings: emptyEntry(names.filmMappings),
    userUpdates: emptyEntry(names.userUpdates),
    memberRecords: emptyEntry(memberRecordsName)
  },
  copies: [],
  idGaps: 0
})

/** The files that a dataset has, each with what is committed to it. */
export const filesOf = ({ files }: CsvManifest): ReadonlyArray<readonly [CsvFile, FileEntry]> =>
  CsvFile.literals.flatMap((file) => {
    const entry = files[file]
    return entry === undefined ? [] : [[file, entry] as const]
  })

/** The files of a dataset after their renaming. */
export const entriesInPlace = ({ files }: CsvManifest): CsvManifest["files"] => ({
  ...files,
  ...Object.fromEntries(Object.entries(files).map(([file, entry]) => [file, inPlace(entry)]))
})
