/**
 * Records what a site answers in a WARC, so that a run can be judged again without asking the site again.
 *
 * @since 0.1.0
 * @module
 */
import { HttpClient, type HttpClientError, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Clock, Context, Deferred, Effect, Layer, Option, Schema, type Scope, Stream } from "effect"
import { createHash, randomUUID } from "node:crypto"
import { type FileHandle, open } from "node:fs/promises"
import { promisify } from "node:util"
import * as zlib from "node:zlib"
import { isKept, type KeptHeaders } from "./Capture.ts"
import {
  batchMediaType,
  encodeRecordedBatch,
  type RecordedBatch,
  recordingFormat,
  recordingInfo
} from "./RecordingInfo.ts"

/**
 * - `NotOurs`: the file exists and is not a recording of this program. It is left as it is.
 * - `CannotWrite`: the file system refuses to write. What was recorded before is kept.
 *
 * @since 0.1.0
 * @category errors
 */
export const RecordingErrorReason = Schema.Literal("NotOurs", "CannotWrite")

/**
 * @since 0.1.0
 * @category errors
 */
export type RecordingErrorReason = typeof RecordingErrorReason.Type

/**
 * A run cannot be recorded any further. `place` is the file.
 *
 * @since 0.1.0
 * @category errors
 */
export class RecordingError extends Schema.TaggedError<RecordingError>(
  "@letterboxd-ratings/letterboxd-import/RecordingError"
)("RecordingError", {
  reason: RecordingErrorReason,
  place: Schema.String,
  detail: Schema.String,
  cause: Schema.optionalWith(Schema.Defect, { exact: true })
}) {
  /**
   * Whether the same run can succeed later without a change of its options.
   *
   * @since 0.1.0
   */
  get isRetryable(): boolean {
    return this.reason === "CannotWrite"
  }

  override get message(): string {
    return this.reason === "NotOurs"
      ? `${this.place}: ${this.detail}. Nothing was changed. Name another file.`
      : `${this.place}: ${this.detail}. What was recorded before is kept. Make room or check the permissions, then continue.`
  }
}

/**
 * The recording of a run. `committed` notes a batch that was committed with its members and time, and waits until all
 * responses so far are on disk; it fails if one of them could not be written, however long ago. Call it at each commit.
 * `failed` fails as soon as a response cannot be written, and waits
 * until then. `records` is the number of responses so far.
 *
 * @since 0.1.0
 * @category services
 */
export class Recording extends Context.Tag("@letterboxd-ratings/letterboxd-import/Recording")<
  Recording,
  {
    readonly file: string
    readonly records: Effect.Effect<number>
    readonly committed: (batch: RecordedBatch) => Effect.Effect<void, RecordingError>
    readonly failed: Effect.Effect<never, RecordingError>
  }
>() {}

/**
 * - `file`: the file to write, usually `.warc.gz`. An existing file is continued if it is a recording of this program.
 * - `site`: the address of the site, without a trailing slash.
 * - `software`, `userAgent`: name the program in the file.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordingOptions {
  readonly file: string
  readonly site: string
  readonly software: string
  readonly userAgent: string
}

/** Larger answers are no pages; the policy refuses them as well. */
const largestBody = 16 * 1024 * 1024

const gzip = promisify<Uint8Array, Buffer>(zlib.gzip)

/** A record with its block; each is a member of its own, so that all but a last one that was cut can be read. */
const recordOf = (headers: ReadonlyArray<readonly [string, string]>, block: Buffer): Promise<Buffer> => {
  const lines = [
    "WARC/1.1",
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `WARC-Record-ID: <urn:uuid:${randomUUID()}>`,
    `WARC-Block-Digest: ${digestOf(block)}`,
    `Content-Length: ${block.length}`
  ]
  return gzip(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), block, Buffer.from("\r\n\r\n")]))
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`

/** The WARC calls for seconds or less, and three digits are of both 1.0 and 1.1. */
const dateOf = (millis: number): string => new Date(millis).toISOString()

/** A line of a header can never end it. */
const inOneLine = (text: string): string => text.replaceAll(/[\r\n\0]+/gu, " ")

/** What a redirect leads to without its query, which can hold a token. */
const withoutQuery = (address: string): string => address.replace(/[?#].*$/su, "")

const infoRecord = (options: RecordingOptions, now: number): Promise<Buffer> =>
  recordOf(
    [
      ["WARC-Type", "warcinfo"],
      ["WARC-Date", dateOf(now)],
      ["Content-Type", "application/warc-fields"]
    ],
    Buffer.from(recordingInfo(options))
  )

/** A record of a batch: it tells when the members were committed. */
const batchRecord = ({ site }: RecordingOptions, batch: RecordedBatch, now: number): Promise<Buffer> =>
  recordOf(
    [
      ["WARC-Type", "metadata"],
      ["WARC-Target-URI", inOneLine(site)],
      ["WARC-Date", dateOf(now)],
      ["Content-Type", batchMediaType]
    ],
    Buffer.from(encodeRecordedBatch(batch))
  )

interface Answer {
  readonly url: string
  readonly status: number
  readonly headers: KeptHeaders
  readonly body: Buffer
  readonly at: number
}

const responseRecord = ({ at, body, headers, status, url }: Answer): Promise<Buffer> => {
  const head = [
    `HTTP/1.1 ${status} `,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${inOneLine(value)}`),
    `content-length: ${body.length}`
  ]
  return recordOf(
    [
      ["WARC-Type", "response"],
      ["WARC-Target-URI", inOneLine(url)],
      ["WARC-Date", dateOf(at)],
      ["WARC-Payload-Digest", digestOf(body)],
      ["Content-Type", "application/http; msgtype=response"]
    ],
    Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body])
  )
}

const keptOf = (headers: Readonly<Record<string, string | undefined>>): KeptHeaders => {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (isKept(name) && value !== undefined) kept[name] = name === "location" ? withoutQuery(value) : value
  }
  return kept
}

/** A file of compressed records: where its last complete one ends. None if the file does not begin as ours do. */
const endOfRecords = async (handle: FileHandle, size: number): Promise<number | undefined> => {
  const source = handle.createReadStream({
    start: 0,
    end: Math.max(0, size - 1),
    autoClose: false,
    highWaterMark: 1_048_576
  })
  let end = 0
  let isOurs = false
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array)) break
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    while (rest.length > 0) {
      const member = firstMember(rest)
      if (member === undefined) break
      if (!isOurs) {
        if (!member.head.startsWith("WARC/1.1\r\n") || !member.head.includes(`description: ${recordingFormat}`))
          return undefined
        isOurs = true
      }
      end += member.length
      rest = rest.subarray(member.length)
    }
    if (rest.length > largestBody * 2) break
  }
  return isOurs ? end : undefined
}

/** The first whole member of some compressed bytes. */
const firstMember = (bytes: Buffer): { readonly length: number; readonly head: string } | undefined => {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return undefined
  // The records of a recording have no optional fields: ten bytes before the data, eight behind it.
  const content = bytes.subarray(10)
  try {
    const { buffer, engine } = inflated(content)
    const length = 10 + engine.bytesWritten + 8
    return length > bytes.length ? undefined : { length, head: buffer.subarray(0, 4_096).toString("latin1") }
  } catch {
    return undefined
  }
}

const Inflated = Schema.Struct({
  buffer: Schema.instanceOf(Buffer),
  engine: Schema.Struct({ bytesWritten: Schema.NonNegativeInt })
})
const decodeInflated = Schema.decodeUnknownSync(Inflated)

/** What compressed data holds, and the length of the data. */
const inflated = (bytes: Uint8Array) =>
  decodeInflated(zlib.inflateRawSync(bytes, { info: true, maxOutputLength: 4 * largestBody }))

const cannotWrite =
  (place: string, detail: string) =>
  (cause: unknown): RecordingError =>
    new RecordingError({ reason: "CannotWrite", place, detail: `${detail}${codeOf(cause)}`, cause })

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? ` (${cause.code})` : ""

const hasCode = (cause: unknown, code: string): boolean =>
  cause instanceof Error && "code" in cause && cause.code === code

/** Opens a file to append to: a new one, or one of ours without what a killed run left of a record. */
const openFile = async (file: string): Promise<{ readonly handle: FileHandle; readonly end: number } | "not-ours"> => {
  try {
    return { handle: await open(file, "wx"), end: 0 }
  } catch (cause) {
    if (!hasCode(cause, "EEXIST")) throw cause
  }
  const handle = await open(file, "r+")
  try {
    const stat = await handle.stat()
    const end = !stat.isFile() ? undefined : stat.size === 0 ? 0 : await endOfRecords(handle, stat.size)
    if (end === undefined) {
      await handle.close()
      return "not-ours"
    }
    if (end < stat.size) await handle.truncate(end)
    return { handle, end }
  } catch (cause) {
    await handle.close()
    throw cause
  }
}

const writeAll = async (handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> => {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, at + written)
    written += bytesWritten
  }
}

/** The body of an answer, up to and with the first bytes that are too many. */
const bodyOf = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<{ readonly body: Buffer; readonly isWhole: boolean }, HttpClientError.ResponseError> =>
  Effect.suspend(() => {
    const parts: Array<Uint8Array> = []
    let length = 0
    return response.stream.pipe(
      Stream.takeUntil((part) => length + part.length > largestBody),
      Stream.runForEach((part) =>
        Effect.sync(() => {
          parts.push(part)
          length += part.length
        })
      ),
      Effect.map(() => ({ body: Buffer.concat(parts, length), isWhole: length <= largestBody }))
    )
  })

/** Answers without a body are none that `Response` lets have one. */
const hasBody = (status: number): boolean => status >= 200 && status <= 599 && ![204, 205, 304].includes(status)

/**
 * Opens the recording and gives it with an `HttpClient` that records what the client in context answers. Each answer is
 * passed on after its record is written, one record after the other: its address, status, the headers that a verdict can
 * depend on, and its decoded body; of a redirect without the query. No cookies, tokens, or headers of requests are
 * written. An answer whose body breaks off or exceeds 16 MB is passed on and not recorded.
 *
 * It fails with `NotOurs` if the file exists and is not a recording; with `CannotWrite` if it cannot be opened. If a record
 * cannot be written later (the disk is full), answers are still passed on, `flush` fails from then on, and so does `failed`,
 * which a run can be raced against. What was written before stays readable, also after the process was killed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: RecordingOptions
): Effect.Effect<
  {
    readonly recording: Context.Tag.Service<Recording>
    readonly client: HttpClient.HttpClient
  },
  RecordingError,
  HttpClient.HttpClient | Scope.Scope
> =>
  Effect.gen(function* () {
    const { file } = options
    const opened = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => openFile(file), catch: cannotWrite(file, "the recording cannot be opened") }),
      (opened) =>
        opened === "not-ours" ? Effect.void : Effect.promise(() => opened.handle.close().catch(() => undefined))
    )
    if (opened === "not-ours") {
      return yield* new RecordingError({
        reason: "NotOurs",
        place: file,
        detail: "the file exists and is no recording of this program"
      })
    }
    const { handle } = opened
    let { end } = opened
    let records = 0
    let failure: RecordingError | undefined
    const failed = yield* Deferred.make<never, RecordingError>()
    const oneAtATime = yield* Effect.makeSemaphore(1)

    const append = (make: () => Promise<Buffer>): Effect.Effect<void, RecordingError> =>
      Effect.tryPromise({
        try: async () => {
          const bytes = await make()
          try {
            await writeAll(handle, bytes, end)
          } catch (cause) {
            // A part of a record would hide what is appended later.
            await handle.truncate(end).catch(() => undefined)
            throw cause
          }
          end += bytes.length
        },
        catch: cannotWrite(file, "the recording cannot be written")
      })

    const failWith = (error: RecordingError) =>
      Effect.suspend(() => {
        failure ??= error
        return Deferred.fail(failed, failure)
      })

    const record = (answer: Answer): Effect.Effect<void> =>
      oneAtATime
        .withPermits(1)(
          Effect.suspend(() =>
            failure === undefined
              ? Effect.tap(
                  append(() => responseRecord(answer)),
                  () => Effect.sync(() => (records += 1))
                )
              : Effect.void
          )
        )
        .pipe(Effect.catchAll(failWith), Effect.uninterruptible)

    // A run that goes on may be of another version, and the sandbox has another address each time.
    const now = yield* Clock.currentTimeMillis
    yield* append(() => infoRecord(options, now))

    const flush = oneAtATime.withPermits(1)(
      Effect.suspend(() =>
        failure === undefined
          ? Effect.tapError(
              Effect.tryPromise({
                try: () => handle.sync(),
                catch: cannotWrite(file, "the recording cannot be written")
              }),
              failWith
            )
          : Effect.fail(failure)
      )
    )
    yield* flush

    const client = HttpClient.transform(yield* HttpClient.HttpClient, (effect, request) =>
      Effect.flatMap(effect, (response) => {
        if (!hasBody(response.status)) return Effect.succeed(response)
        return Effect.gen(function* () {
          const { body, isWhole } = yield* bodyOf(response)
          if (isWhole) {
            const at = yield* Clock.currentTimeMillis
            const url = Option.match(HttpClientRequest.toUrl(request), {
              onNone: () => request.url,
              onSome: (address) => address.href
            })
            yield* record({ url, status: response.status, headers: keptOf(response.headers), body, at })
          }
          return HttpClientResponse.fromWeb(
            request,
            new Response(new Uint8Array(body), { status: response.status, headers: { ...response.headers } })
          )
        })
      })
    )
    const committed = (batch: RecordedBatch) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        yield* oneAtATime
          .withPermits(1)(
            Effect.suspend(() => (failure === undefined ? append(() => batchRecord(options, batch, now)) : Effect.void))
          )
          .pipe(Effect.tapError(failWith))
        yield* flush
      })
    return {
      recording: { file, records: Effect.sync(() => records), committed, failed: Deferred.await(failed) },
      client
    }
  })

/**
 * The `HttpClient` in context, recorded, and its `Recording`. Provide it between the transport and an `HttpPolicy`: each
 * try of a request is recorded.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: RecordingOptions
): Layer.Layer<Recording | HttpClient.HttpClient, RecordingError, HttpClient.HttpClient> =>
  Layer.scopedContext(
    Effect.map(make(options), ({ client, recording }) =>
      Context.make(Recording, recording).pipe(Context.add(HttpClient.HttpClient, client))
    )
  )
