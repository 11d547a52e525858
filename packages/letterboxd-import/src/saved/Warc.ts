/**
 * WARC, plain and compressed: what archives of the web and recorders of pages write.
 *
 * @since 0.1.0
 */
import { ImportError } from "@letterboxd-ratings/core"
import { Data, DateTime, Option, type Stream } from "effect"
import { once } from "node:events"
import { promisify } from "node:util"
import * as zlib from "node:zlib"
import { AsyncIterReader, LimitReader } from "warcio"
import { batchMediaType, decodeRecordedBatch, longestBatchRecord, siteOfRecording } from "./RecordingInfo.ts"
import {
  type IsWanted,
  isKept,
  type KeptHeaders,
  largestText,
  longestLine,
  needsBody,
  recordsFrom,
  SavedRecord,
  type SkipReason,
  textOf
} from "./Capture.ts"

/** Headers of a record, and of a response in it: no real one comes near. */
const mostHeaders = 500
const largestHead = 256 * 1024

/** Compressed bytes that are inflated at once, and so at most 16 MB of what they hold. */
const compressedAtOnce = 16_384

/** Text compresses to a hundredth at best; beyond this share, and more than this in all, the file is a bomb. */
const mostInflation = 400
const alwaysInflated = 256 * 1024 * 1024

/** The rest of the file is cut off: what came before it is usable. */
class CutOff extends Data.TaggedError("CutOff") {}

const isGzip = (bytes: Uint8Array | undefined): boolean => bytes?.[0] === 0x1f && bytes[1] === 0x8b

/** What a compressed file holds, member after member. Throws `CutOff` where it ends within one. */
async function* inflated(place: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflate = zlib.createGunzip({ chunkSize: 65_536 })
  const parts: Array<Uint8Array> = []
  let failure: NodeJS.ErrnoException | undefined
  inflate.on("data", (part: Uint8Array) => parts.push(part))
  inflate.on("error", (error) => {
    failure = error
  })
  const closed = new Promise<void>((resolve) => inflate.once("close", resolve))
  let read = 0
  let written = 0
  const taken = function* () {
    for (const part of parts.splice(0)) {
      written += part.length
      if (written > alwaysInflated + read * mostInflation) {
        throw new ImportError({
          reason: "TooLarge",
          place,
          detail: `the file holds more than ${mostInflation} times its size`
        })
      }
      yield part
    }
    if (failure !== undefined) {
      if (failure.code === "Z_BUF_ERROR") throw new CutOff()
      throw new ImportError({
        reason: "Damaged",
        place,
        detail: `the compressed data is damaged about ${read} bytes into the file`,
        advice: "What came before is used. Get the file again for the rest."
      })
    }
  }
  try {
    for await (const chunk of source) {
      for (let from = 0; from < chunk.length; from += compressedAtOnce) {
        const piece = chunk.subarray(from, from + compressedAtOnce)
        read += piece.length
        if (inflate.writableEnded || inflate.destroyed) return
        await Promise.race([new Promise<void>((resolve) => inflate.write(piece, () => resolve())), closed])
        yield* taken()
      }
    }
    if (!inflate.destroyed) {
      inflate.end()
      await Promise.race([once(inflate, "end").catch(() => undefined), closed])
    }
    yield* taken()
  } finally {
    inflate.destroy()
  }
}

/** The bytes of a file, inflated if it is compressed. */
async function* contentOf(place: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  let first: Uint8Array = new Uint8Array()
  let isEnded = false
  while (first.length < 2) {
    const next = await iterator.next()
    isEnded = next.done === true
    if (next.done === true) break
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value])
  }
  const rest = async function* () {
    yield first
    // Not every iterator answers again after its end.
    if (!isEnded) yield* { [Symbol.asyncIterator]: () => iterator }
  }
  yield* isGzip(first) ? inflated(place, rest()) : rest()
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")

const headerLine = /^([!#$%&'*+.^_`|~\w-]{1,100}):[ \t]*(.*?)[ \t]*$/u

/** The headers of a record. Lines that begin with a space belong to the line before. */
const readHead = async (place: string, reader: AsyncIterReader, at: number): Promise<ReadonlyMap<string, string>> => {
  const headers = new Map<string, string>()
  let last: string | undefined
  for (let lines = 0; ; lines++) {
    const line = await reader.readlineRaw(longestLine)
    if (line === null || line.at(-1) !== 10) {
      if (line === null || line.length < longestLine) throw new CutOff()
      throw tooLarge(place, at, `a header longer than ${longestLine} bytes`)
    }
    if (lines > mostHeaders) throw tooLarge(place, at, `more than ${mostHeaders} headers`)
    const text = utf8(line).trimEnd()
    if (text === "") return headers
    const parsed = headerLine.exec(text)
    if (/^[ \t]/u.test(text)) {
      if (last !== undefined) headers.set(last, `${headers.get(last) ?? ""} ${text.trim()}`.slice(0, longestLine))
    } else if (parsed !== null) {
      last = (parsed[1] ?? "").toLowerCase()
      headers.set(last, parsed[2] ?? "")
    }
  }
}

const tooLarge = (place: string, at: number, what: string) =>
  new ImportError({
    reason: "TooLarge",
    place,
    detail: `record ${at} has ${what}`,
    advice: "What came before is used. Check that this is the right file."
  })

interface HttpResponse {
  readonly status: number
  readonly headers: KeptHeaders
  readonly encoding: string
  readonly isChunked: boolean
  readonly length: number | undefined
  readonly payload: Uint8Array
}

/** The end of the head of a response: after its empty line. */
const endOfHead = (block: Buffer): number => {
  const head = block.subarray(0, largestHead)
  const ends = [
    { at: head.indexOf("\r\n\r\n"), length: 4 },
    { at: head.indexOf("\n\n"), length: 2 }
  ].filter(({ at }) => at >= 0)
  const [first] = ends.toSorted((a, b) => a.at - b.at)
  return first === undefined ? -1 : first.at + first.length
}

const parseResponse = (block: Buffer): HttpResponse | undefined => {
  const end = endOfHead(block)
  if (end < 0) return undefined
  const [statusLine = "", ...lines] = latin1(block.subarray(0, end)).split(/\r?\n/u)
  const status = /^HTTP\/\d(?:\.\d)?\s+(\d{3})(?:\s|$)/u.exec(statusLine)?.[1]
  if (status === undefined) return undefined
  const headers: Record<string, string> = {}
  let encoding = ""
  let isChunked = false
  let length: number | undefined
  for (const line of lines) {
    const parsed = headerLine.exec(line)
    if (parsed === null) continue
    const name = (parsed[1] ?? "").toLowerCase()
    const value = parsed[2] ?? ""
    if (isKept(name)) headers[name] = value.slice(0, longestLine)
    else if (name === "content-encoding") encoding = value.toLowerCase()
    else if (name === "transfer-encoding") isChunked = /\bchunked\b/iu.test(value)
    else if (name === "content-length" && /^\d{1,15}$/u.test(value)) length = Number(value)
  }
  return { status: Number(status), headers, encoding, isChunked, length, payload: block.subarray(end) }
}

const bounded = { maxOutputLength: largestText }
const gunzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip)
const inflateZlib = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate)
const inflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflateRaw)
const brotli = promisify<Uint8Array, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress)

const isTooLarge = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"

/** A page begins with a tag. Some recorders store pages without their encodings and leave the header. */
const looksLikeText = (bytes: Uint8Array): boolean => /^\s*</u.test(latin1(bytes.subarray(0, 64)).replace("ï»¿", ""))

/** The payload of a response without its encodings, or why there is none. */
const decodePayload = async (response: HttpResponse): Promise<Uint8Array | SkipReason> => {
  let { payload } = response
  if (response.isChunked) {
    const chunks = new AsyncIterReader([payload], null, true)
    payload = await chunks.readFully()
    if (chunks.errored) return "cut-body"
  } else if (response.length !== undefined && payload.length < response.length && response.encoding === "") {
    return "cut-body"
  }
  for (const encoding of response.encoding
    .split(",")
    .map((name) => name.trim())
    .toReversed()
    .slice(0, 4)) {
    if (encoding === "" || encoding === "identity" || payload.length === 0 || looksLikeText(payload)) continue
    try {
      if (encoding === "gzip" || encoding === "x-gzip") payload = await gunzip(payload, bounded)
      else if (encoding === "br") payload = await brotli(payload, bounded)
      else if (encoding === "deflate") {
        const isWrapped = ((payload[0] ?? 0) & 0x0f) === 8 && (((payload[0] ?? 0) << 8) + (payload[1] ?? 0)) % 31 === 0
        payload = await (isWrapped ? inflateZlib : inflateRaw)(payload, bounded)
      } else return "unreadable-body"
    } catch (error) {
      return isTooLarge(error) ? "too-large" : "unreadable-body"
    }
  }
  return payload.length > largestText ? "too-large" : payload
}

const recordOf = async (
  place: string,
  site: string | undefined,
  url: string,
  headers: ReadonlyMap<string, string>,
  block: Buffer
): Promise<SavedRecord> => {
  const skip = (why: SkipReason) => SavedRecord.Skipped({ why })
  const capturedAt = Option.flatMap(Option.fromNullable(headers.get("warc-date")), DateTime.make)
  if (Option.isNone(capturedAt)) return skip("no-date")
  const isResource = headers.get("warc-type") === "resource"
  const type = headers.get("content-type")
  const response: HttpResponse | undefined = isResource
    ? {
        status: 200,
        headers: type === undefined ? {} : { "content-type": type },
        encoding: "",
        isChunked: false,
        length: undefined,
        payload: block
      }
    : parseResponse(block)
  if (response === undefined) return skip("unreadable-body")
  const { status } = response
  let payload: Uint8Array = new Uint8Array()
  if (needsBody(status)) {
    if (headers.has("warc-truncated")) return skip("cut-body")
    const decoded = await decodePayload(response)
    if (typeof decoded === "string") return skip(decoded)
    if (decoded.length === 0) return skip("no-body")
    payload = decoded
  }
  return SavedRecord.Captured({
    capture: {
      url,
      status,
      headers: response.headers,
      body: textOf(payload, response.headers["content-type"]),
      capturedAt: DateTime.toUtc(capturedAt.value),
      place,
      ...(site === undefined ? {} : { site })
    }
  })
}

/** Whether a record is one of a page: `response` with HTTP in it, `resource`, or `revisit`. */
const kindOf = (headers: ReadonlyMap<string, string>): "page" | "revisit" | "segment" | "other" => {
  const type = headers.get("warc-type")?.toLowerCase()
  if (type === "revisit") return "revisit"
  const isHttp = /^application\/http\b/iu.test(headers.get("content-type") ?? "application/http")
  if (type !== "resource" && !(type === "response" && isHttp)) return type === "continuation" ? "segment" : "other"
  return headers.has("warc-segment-number") ? "segment" : "page"
}

/**
 * Reads the records of a WARC file, compressed or not, in a stream. Requests, metadata and all headers of responses but a
 * few are passed over. A file that ends within a record is usable up to there, and a note says so. It fails with `Damaged`
 * where the rest of the file cannot be understood, with `TooLarge` beyond a bound, and with `NotRecognised` if the
 * file is no WARC.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readWarc = (
  place: string,
  bytes: Stream.Stream<Uint8Array, ImportError>,
  isWanted: IsWanted = () => true
): Stream.Stream<SavedRecord, ImportError> =>
  recordsFrom(place, bytes, async function* (source) {
    const reader = new AsyncIterReader(contentOf(place, source), null)
    let records = 0
    let site: string | undefined
    try {
      while (true) {
        const line = await reader.readlineRaw(longestLine)
        if (line === null) {
          if (records > 0) break
          throw new ImportError({ reason: "NotRecognised", place, detail: "the file holds no WARC record" })
        }
        const first = latin1(line)
        if (first.trim() === "") continue
        if (!/^WARC\/\d\.\d+\s*$/u.test(first)) {
          if (first.length < 12 && line.at(-1) !== 10 && "WARC/1.1".startsWith(first) && records > 0) throw new CutOff()
          throw records === 0
            ? new ImportError({ reason: "NotRecognised", place, detail: "the file does not begin with a WARC record" })
            : new ImportError({
                reason: "Damaged",
                place,
                detail: `no record begins where record ${records} says that it ends`,
                advice: "What came before is used. Get the file again for the rest."
              })
        }
        records += 1
        const headers = await readHead(place, reader, records)
        const stated = headers.get("content-length") ?? ""
        if (!/^\d{1,15}$/u.test(stated)) {
          throw new ImportError({
            reason: "Damaged",
            place,
            detail: `record ${records} does not state its length`,
            advice: "What came before is used. Get the file again for the rest."
          })
        }
        const length = Number(stated)
        const url = (headers.get("warc-target-uri") ?? "").replaceAll(/^<|>$/gu, "")
        const kind = kindOf(headers)
        if (headers.get("warc-type")?.toLowerCase() === "warcinfo" && length <= longestLine) {
          const info = await reader.readSize(length)
          if (info.length < length) throw new CutOff()
          site = siteOfRecording(utf8(info))
          continue
        }
        if (
          site !== undefined &&
          headers.get("warc-type")?.toLowerCase() === "metadata" &&
          headers.get("content-type") === batchMediaType &&
          length <= longestBatchRecord
        ) {
          const bytes = await reader.readSize(length)
          if (bytes.length < length) throw new CutOff()
          const batch = decodeRecordedBatch(utf8(bytes))
          if (Option.isSome(batch)) yield SavedRecord.Committed({ batch: batch.value })
          continue
        }
        if (kind !== "page" || !isWanted(url, site) || length > largestText) {
          const isCut = (await reader.skipSize(length)) < length
          if (isCut) throw new CutOff()
          const isPage = isWanted(url, site) && kind !== "other"
          const why = kind === "revisit" ? "revisit" : kind === "segment" ? "cut-body" : "too-large"
          yield SavedRecord.Skipped({ why: isPage ? why : "other" })
          continue
        }
        const parts: Array<Uint8Array> = []
        let read = 0
        if (length > 0) {
          for await (const part of new LimitReader(reader, length)) {
            parts.push(part)
            read += part.length
          }
        }
        if (read < length) throw new CutOff()
        yield await recordOf(place, site, url, headers, Buffer.concat(parts, read))
      }
    } catch (error) {
      if (!(error instanceof CutOff)) throw error
      yield SavedRecord.Noted({
        text: `${place} ends within record ${records}, as a recording does that was interrupted. What came before is used.`
      })
    }
  })
