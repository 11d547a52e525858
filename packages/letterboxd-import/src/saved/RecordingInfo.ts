/**
 * What a recording says of itself: in its first record which site it is of, and after each batch who was committed when.
 *
 * @since 0.1.0
 */
import { Username } from "@letterboxd-ratings/core"
import { Schema } from "effect"

/**
 * Says that a file was written here.
 *
 * @since 0.1.0
 * @category models
 */
export const recordingFormat = "letterboxd-ratings recording"

/** A value in one line. */
const inOneLine = (text: string): string => text.replaceAll(/\p{C}/gu, " ").trim()

/**
 * The text of the record. `site` is the address of the site, without a trailing slash.
 *
 * @since 0.1.0
 * @category constructors
 */
export const recordingInfo = ({
  site,
  software,
  userAgent
}: {
  readonly site: string
  readonly software: string
  readonly userAgent: string
}): string =>
  [
    `software: ${inOneLine(software)}`,
    `format: WARC File Format 1.1`,
    `description: ${recordingFormat}`,
    `site: ${inOneLine(site)}`,
    `http-header-user-agent: ${inOneLine(userAgent)}`,
    ""
  ].join("\r\n")

/**
 * The address of the site that a recording is of, by its first record; `undefined` for files that are no recordings of ours.
 *
 * @since 0.1.0
 * @category constructors
 */
export const siteOfRecording = (info: string): string | undefined => {
  const lines = info.split(/\r?\n/u)
  const site = lines.find((line) => line.startsWith("site: "))?.slice("site: ".length)
  return lines.includes(`description: ${recordingFormat}`) && site !== undefined && /^https?:\/\/[^\s]+$/u.test(site)
    ? site
    : undefined
}

/**
 * A batch that a recorded run committed.
 *
 * @since 0.1.0
 * @category models
 */
export const RecordedBatch = Schema.Struct({ at: Schema.DateTimeUtc, members: Schema.Array(Username) })

/**
 * @since 0.1.0
 * @category models
 */
export type RecordedBatch = typeof RecordedBatch.Type

/**
 * The media type of the records of batches.
 *
 * @since 0.1.0
 * @category models
 */
export const batchMediaType = "application/vnd.letterboxd-ratings.batch+json"

/**
 * The longest record of a batch, in bytes: of 10,000 members, the most that a batch can have.
 *
 * @since 0.1.0
 * @category models
 */
export const longestBatchRecord = 262_144

const json = Schema.parseJson(RecordedBatch)

/**
 * @since 0.1.0
 * @category constructors
 */
export const encodeRecordedBatch = Schema.encodeSync(json)

/**
 * @since 0.1.0
 * @category constructors
 */
export const decodeRecordedBatch = Schema.decodeUnknownOption(json)
