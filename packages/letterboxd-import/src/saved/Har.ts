/**
 * HAR 1.2: what a browser recorded while a person looked at pages.
 *
 * @since 0.1.0
 */
import { ImportError } from "@letterboxd-ratings/core"
import { DateTime, Option, type Stream } from "effect"
import { jsonParser, type Token } from "stream-json/core/parser.js"
import {
  type IsWanted,
  isKept,
  type KeptHeaders,
  largestText,
  longestLine,
  needsBody,
  recordsFrom,
  SavedRecord,
  textOf
} from "./Capture.ts"

/** Deeper than any HAR: call stacks of scripts are nested in each other. */
const deepest = 10_000

/** No name of a field that is read is longer. */
const longestKey = 64

/** Numbers are digits of a size or a status. */
const longestNumber = 64

/** A byte order mark stands in the size, not in the text. */
const bytesOfMark = 3

/** Text is parsed in pieces of this length. Most pages are whole in one of them, which is what the parser is fast at. */
const charactersAtOnce = 1_048_576

const entryPath = "log.entries[]"

/** The fields that are read. All others are passed over, and their text is never put together. */
const bounds: Readonly<Record<string, number>> = {
  [`${entryPath}.startedDateTime`]: 64,
  [`${entryPath}.request.method`]: 16,
  [`${entryPath}.request.url`]: longestLine,
  [`${entryPath}.response.status`]: longestNumber,
  [`${entryPath}.response.redirectURL`]: longestLine,
  [`${entryPath}.response.headers[].name`]: longestKey,
  [`${entryPath}.response.headers[].value`]: longestLine,
  [`${entryPath}.response.content.size`]: longestNumber,
  [`${entryPath}.response.content.mimeType`]: 256,
  [`${entryPath}.response.content.encoding`]: 16,
  [`${entryPath}.response.content.text`]: largestText
}
const fieldOf: Readonly<Record<string, keyof Entry>> = {
  [`${entryPath}.startedDateTime`]: "started",
  [`${entryPath}.request.method`]: "method",
  [`${entryPath}.request.url`]: "url",
  [`${entryPath}.response.status`]: "status",
  [`${entryPath}.response.redirectURL`]: "redirect",
  [`${entryPath}.response.content.size`]: "size",
  [`${entryPath}.response.content.mimeType`]: "mimeType",
  [`${entryPath}.response.content.encoding`]: "encoding",
  [`${entryPath}.response.content.text`]: "text"
}
const headerPath = `${entryPath}.response.headers[]`
const headerName = `${headerPath}.name`
const headerValue = `${headerPath}.value`
const textPath = `${entryPath}.response.content.text`

interface Entry {
  started?: string
  method?: string
  url?: string
  status?: string
  redirect?: string
  size?: string
  mimeType?: string
  encoding?: string
  text?: string
}

/** What is read lies at most this deep. Paths below would only cost. */
const deepestRead = 7
const tooDeepToRead = "-"

/** The state of a reader of tokens. It keeps one entry at a time. */
const makeReader = (place: string, isWanted: IsWanted) => {
  /** Paths of the open objects and arrays, and what stands before a key in each of them. */
  const outer: Array<string> = []
  const prefixes: Array<string> = []
  let path = ""
  let isKey = false
  let key = ""
  let value = ""
  let bound: number | undefined
  let isTooLong = false
  let entry: Entry = {}
  let headers: Record<string, string> = {}
  let header: { name?: string; value?: string } = {}
  let isTooLarge = false
  let entries = 0
  let sawEntries = false
  let isEnded = false
  const records: Array<SavedRecord> = []

  const open = (isArray: boolean) => {
    if (outer.length >= deepest) {
      throw new ImportError({
        reason: "TooLarge",
        place,
        detail: `the values are nested more than ${deepest} deep after entry ${entries}`
      })
    }
    outer.push(path)
    if (outer.length > deepestRead) path = tooDeepToRead
    else if (isArray) path += "[]"
    prefixes.push(path === "" ? "" : `${path}.`)
    if (isArray && path === entryPath) sawEntries = true
  }
  const close = () => {
    path = outer.pop() ?? ""
    prefixes.pop()
    if (outer.length === 0) isEnded = true
  }
  const start = () => {
    // The text of an address that nobody wants is not put together.
    bound = path === textPath && entry.url !== undefined && !isWanted(entry.url) ? undefined : bounds[path]
    value = ""
    isTooLong = false
  }
  const add = (piece: string) => {
    if (bound === undefined) return
    if (value.length + piece.length > bound) isTooLong = true
    else value += piece
  }
  const finish = () => {
    if (bound === undefined) return
    const field = fieldOf[path]
    if (path === headerName) header.name = value
    else if (path === headerValue) header.value = value
    else if (field !== undefined && isTooLong) isTooLarge = true
    else if (field !== undefined) entry[field] = value
    value = ""
    bound = undefined
  }
  const finishHeader = () => {
    const name = header.name?.toLowerCase() ?? ""
    if (header.value !== undefined && isKept(name)) headers[name] = header.value
    header = {}
  }
  const finishEntry = () => {
    entries += 1
    records.push(recordOf(place, entry, headers, isTooLarge, isWanted))
    entry = {}
    headers = {}
    isTooLarge = false
  }

  const take = (token: Token) => {
    switch (token.name) {
      case "startKey":
        isKey = true
        key = ""
        break
      case "endKey":
        isKey = false
        path = `${prefixes.at(-1) ?? ""}${key}`
        break
      case "stringChunk":
        if (!isKey) add(token.value)
        else if (key.length <= longestKey) key += token.value.slice(0, longestKey + 1)
        break
      case "numberChunk":
        add(token.value)
        break
      case "startString":
      case "startNumber":
        start()
        break
      case "endString":
      case "endNumber":
        finish()
        break
      case "startObject":
        open(false)
        break
      case "startArray":
        open(true)
        break
      case "endObject":
        close()
        if (path === entryPath) finishEntry()
        else if (path === headerPath) finishHeader()
        break
      case "endArray":
        close()
        break
      default:
        break
    }
  }

  return {
    take,
    entries: () => entries,
    sawEntries: () => sawEntries,
    isEnded: () => isEnded,
    taken: () => records.splice(0)
  }
}

const skipped = (why: Parameters<typeof SavedRecord.Skipped>[0]["why"]): SavedRecord => SavedRecord.Skipped({ why })

const recordOf = (
  place: string,
  entry: Entry,
  headers: KeptHeaders,
  isTooLarge: boolean,
  isWanted: IsWanted
): SavedRecord => {
  const { url, started, text } = entry
  if (url === undefined || !isWanted(url)) return skipped(isTooLarge && url === undefined ? "too-large" : "other")
  if (entry.method !== undefined && entry.method.toUpperCase() !== "GET") return skipped("other")
  if (isTooLarge) return skipped("too-large")
  const status = Number(entry.status)
  // Browsers write 0 for what they blocked or broke off, and 304 where the page came from their own store.
  if (!Number.isInteger(status) || status < 100 || status > 599 || status === 304) return skipped("no-body")
  const capturedAt = Option.flatMap(Option.fromNullable(started), DateTime.make)
  if (Option.isNone(capturedAt)) return skipped("no-date")
  const isBase64 = entry.encoding?.toLowerCase() === "base64"
  const bytes = isBase64 && text !== undefined ? Buffer.from(text, "base64") : undefined
  if (needsBody(status)) {
    if (text === undefined || text === "") return skipped("no-body")
    const size = Number(entry.size ?? "")
    if (Number.isFinite(size) && size > (bytes?.length ?? Buffer.byteLength(text)) + bytesOfMark) {
      return skipped("cut-body")
    }
  }
  const type = headers["content-type"] ?? entry.mimeType
  const location = headers.location ?? (status >= 300 && status < 400 ? entry.redirect : undefined)
  return SavedRecord.Captured({
    capture: {
      url,
      status,
      headers: {
        ...headers,
        ...(type === undefined ? {} : { "content-type": type }),
        ...(location === undefined || location === "" ? {} : { location })
      },
      body: bytes === undefined ? (text ?? "") : textOf(bytes, type),
      capturedAt: DateTime.toUtc(capturedAt.value),
      place
    }
  })
}

/**
 * Reads a HAR in a stream: one entry at a time, whatever the size of the file. Cookies, request headers, posted data and
 * all response headers but a few are passed over. An entry whose text is missing, cut (its size says more than the text
 * holds) or larger than 32 MB is skipped and counted. It fails with `Damaged` if the JSON is cut or broken, after the
 * entries before; with `NotRecognised` if the file has no `log.entries`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readHar = (
  place: string,
  bytes: Stream.Stream<Uint8Array, ImportError>,
  isWanted: IsWanted = () => true
): Stream.Stream<SavedRecord, ImportError> =>
  recordsFrom(place, bytes, async function* (source) {
    const reader = makeReader(place, isWanted)
    const parse = jsonParser({ packValues: false, streamValues: true })
    const decoder = new TextDecoder()
    const damaged = (how: string) =>
      new ImportError({
        reason: "Damaged",
        place,
        detail: `the JSON is ${how} after entry ${reader.entries()}`,
        advice: "What came before is used. Export the HAR again for the rest."
      })
    const write = (text: string) => {
      let parsed
      try {
        parsed = parse(text)
      } catch {
        throw damaged("broken")
      }
      if (typeof parsed === "symbol") return
      for (const token of parsed.values) reader.take(token)
    }
    let pending = ""
    for await (const part of source) {
      pending += decoder.decode(part, { stream: true })
      if (pending.length < charactersAtOnce) continue
      const text = pending
      pending = ""
      try {
        write(text)
      } catch (error) {
        yield* reader.taken()
        throw error
      }
      yield* reader.taken()
    }
    try {
      write(pending + decoder.decode())
    } catch (error) {
      yield* reader.taken()
      throw error
    }
    yield* reader.taken()
    if (!reader.isEnded()) throw damaged("cut")
    if (!reader.sawEntries()) {
      throw new ImportError({
        reason: "NotRecognised",
        place,
        detail: "the file has no log.entries, so it is no HAR"
      })
    }
  })
