/**
 * The first record of a recording: what it says of itself.
 *
 * @since 0.1.0
 */

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
