/**
 * A page as it was saved, whatever the format of the file.
 *
 * @since 0.1.0
 */
import { ImportError } from "@letterboxd-ratings/core"
import type { RecordedBatch } from "./RecordingInfo.ts"
import { Data, type DateTime, Effect, Stream } from "effect"

/**
 * The headers that a verdict can depend on. No other header of a response is kept, and no header of a request.
 *
 * @since 0.1.0
 * @category models
 */
export const keptHeaders = ["content-type", "location", "retry-after", "cf-mitigated"] as const

/**
 * @since 0.1.0
 * @category models
 */
export type KeptHeaders = Readonly<Partial<Record<(typeof keptHeaders)[number], string>>>

/**
 * Whether a header (its name in lower case) is kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isKept = (name: string): name is (typeof keptHeaders)[number] => keptHeaders.some((kept) => kept === name)

/**
 * A response that was saved. `body` is its text, without transfer and content encodings. `place` is the file, and the file
 * inside an archive. `site` is the address of the site that a recording of a run says it is of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Capture {
  readonly url: string
  readonly status: number
  readonly headers: KeptHeaders
  readonly body: string
  readonly capturedAt: DateTime.Utc
  readonly place: string
  readonly site?: string
}

/**
 * What a reader of saved pages finds:
 *
 * - `Captured`: a page.
 * - `Skipped`: a record that is not a page that can be judged; `why` says why.
 * - `Committed`: members that the recorded run committed, and when.
 * - `Noted`: something about the input that a person should know. What came before it is usable.
 *
 * @since 0.1.0
 * @category models
 */
export type SavedRecord = Data.TaggedEnum<{
  Captured: { readonly capture: Capture }
  Skipped: { readonly why: SkipReason }
  Committed: { readonly batch: RecordedBatch }
  Noted: { readonly text: string }
}>

/**
 * Creates, distinguishes and matches records.
 *
 * @since 0.1.0
 * @category constructors
 */
export const SavedRecord = Data.taggedEnum<SavedRecord>()

/**
 * Why a record is not judged:
 *
 * - `other`: it is of another address or kind (an image, a request, metadata).
 * - `no-body`: the file does not hold the text of the page.
 * - `cut-body`: the file holds a part of the text only.
 * - `unreadable-body`: the text is in an encoding that is damaged or unknown.
 * - `too-large`: it exceeds a bound.
 * - `revisit`: the record refers to an earlier one with the same text.
 * - `no-date`: the record does not tell when it was saved.
 *
 * @since 0.1.0
 * @category models
 */
export type SkipReason = "other" | "no-body" | "cut-body" | "unreadable-body" | "too-large" | "revisit" | "no-date"

/**
 * The longest text of a page that is read, in bytes. The largest real page seen has 0.6 MB.
 *
 * @since 0.1.0
 * @category models
 */
export const largestText = 32 * 1024 * 1024

/**
 * The longest address and header that is read, in characters.
 *
 * @since 0.1.0
 * @category models
 */
export const longestLine = 8_192

/**
 * Whether the verdict on a response with this status depends on its text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const needsBody = (status: number): boolean => status === 200 || status === 403 || status === 404

const metaCharset = /<meta\b[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})/iu

const decoderOf = (charset: string | undefined): TextDecoder | undefined => {
  if (charset === undefined) return undefined
  try {
    return new TextDecoder(charset)
  } catch {
    return undefined
  }
}

const byMark = (bytes: Uint8Array): string | undefined =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    ? "utf-8"
    : bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : undefined

/**
 * The text of a page: in the encoding that its first bytes, its content type or the page itself name, else in UTF-8.
 *
 * @since 0.1.0
 * @category constructors
 */
export const textOf = (bytes: Uint8Array, contentType?: string): string => {
  const said = /;\s*charset\s*=\s*"?([^\s;"]{1,40})/iu.exec(contentType ?? "")?.[1]
  const decoder =
    decoderOf(byMark(bytes)) ??
    decoderOf(said) ??
    decoderOf(metaCharset.exec(Buffer.from(bytes.subarray(0, 4_096)).toString("latin1"))?.[1]) ??
    new TextDecoder()
  return decoder.decode(bytes)
}

/**
 * Whether a reader has to read the text of an address, where the file is a recording of a run on `site` or no recording. A
 * reader skips all others, which costs less than to read them.
 *
 * @since 0.1.0
 * @category models
 */
export type IsWanted = (url: string, site?: string) => boolean

/**
 * The records of an asynchronous generator. `ImportError`s that it throws stay what they are; anything else becomes an
 * `Unreadable` one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const recordsFrom = (
  place: string,
  bytes: Stream.Stream<Uint8Array, ImportError>,
  read: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<SavedRecord>
): Stream.Stream<SavedRecord, ImportError> =>
  Stream.unwrap(
    Effect.map(Stream.toAsyncIterableEffect(bytes), (iterable) =>
      Stream.fromAsyncIterable(read(iterable), (error) => importErrorFrom(place, error))
    )
  )

const importErrorFrom = (place: string, error: unknown): ImportError => {
  if (error instanceof ImportError) return error
  return new ImportError({ reason: "Unreadable", place, detail: "the file cannot be read to its end", cause: error })
}
