/**
 * The file that says what is committed: its lengths are the truth about all other files.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * The files whose content the manifest vouches for.
 *
 * @since 0.1.0
 * @category models
 */
export const CommittedFile = Schema.Literal(
  "rawRatings",
  "translatedRatings",
  "userMappings",
  "filmMappings",
  "userUpdates",
  "memberRecords"
)

/**
 * @since 0.1.0
 * @category models
 */
export type CommittedFile = typeof CommittedFile.Type

/**
 * One file's committed content: `bytes` with the header, `rows` without it, and the CRC-32 of the bytes as eight
 * hexadecimal digits, which is carried on from batch to batch. `swap` names the file that takes this one's place
 * where the process ended between the commit and the renaming.
 *
 * @since 0.1.0
 * @category models
 */
export const FileEntry = Schema.Struct({
  name: Schema.NonEmptyString,
  bytes: Schema.NonNegativeInt,
  rows: Schema.NonNegativeInt,
  crc32: Schema.String.pipe(Schema.pattern(/^[0-9a-f]{8}$/u)),
  swap: Schema.optionalWith(Schema.NonEmptyString, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface FileEntry extends Schema.Schema.Type<typeof FileEntry> {}

/**
 * The manifest, format 1. Its size does not depend on the dataset's. `copies` are the files that were written
 * once with the last batch. `idGaps` counts the user ids that an adopted dataset skipped; ours have none.
 *
 * @since 0.1.0
 * @category models
 */
export const Manifest = Schema.Struct({
  format: Schema.Literal(1),
  filmLabel: Schema.Literal("title", "slug"),
  batches: Schema.NonNegativeInt,
  committedAt: Schema.DateTimeUtc,
  files: Schema.Record({ key: CommittedFile, value: FileEntry }),
  copies: Schema.Array(Schema.Struct({ name: Schema.NonEmptyString, swap: Schema.NonEmptyString })),
  idGaps: Schema.NonNegativeInt
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Manifest extends Schema.Schema.Type<typeof Manifest> {}

const ManifestText = Schema.parseJson(Manifest, { space: 2 })

export const encodeManifest = Schema.encode(ManifestText)
export const decodeManifest = Schema.decodeUnknown(ManifestText)

/** The digits of a checksum, and the number the checksum goes on from. */
export const formatCrc32 = (crc: number): string => (crc >>> 0).toString(16).padStart(8, "0")
export const parseCrc32 = (digits: string): number => Number.parseInt(digits, 16) | 0
