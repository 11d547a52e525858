/**
 * The file that says what is committed: its lengths are the truth about all other files.
 *
 * @since 0.1.0
 */
import { FileEntry, InnerName } from "@letterboxd-ratings/storage-folder"
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
 * The format this version writes. A later one is refused.
 *
 * @since 0.1.0
 * @category models
 */
export const latestFormat = 1

/**
 * The manifest, format 1. A file's `bytes` count its header, its `rows` do not, and its checksum is carried on from batch
 * to batch. The manifest's size does not depend on the dataset's. `copies` are the files that were written
 * once with the last batch. `idGaps` counts the user ids that an adopted dataset skipped; ours have none.
 *
 * @since 0.1.0
 * @category models
 */
export const Manifest = Schema.Struct({
  format: Schema.Literal(latestFormat),
  filmLabel: Schema.Literal("title", "slug"),
  batches: Schema.NonNegativeInt,
  committedAt: Schema.DateTimeUtc,
  files: Schema.Record({ key: CommittedFile, value: FileEntry }),
  copies: Schema.Array(Schema.Struct({ name: InnerName, swap: InnerName })),
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
