/**
 * A page in a file: saved from a browser, or kept by `lb` in `diagnostics`.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform"
import { ImportError } from "@letterboxd-ratings/core"
import { largestText, readSavedHtml, SavedRecord } from "@letterboxd-ratings/letterboxd-import"
import type { PageResponse } from "@letterboxd-ratings/letterboxd-source"
import { DateTime, Effect, Option, Schema, Stream } from "effect"

/** What `diagnostics` has beside a page. */
const Kept = Schema.parseJson(
  Schema.Struct({
    url: Schema.String,
    status: Schema.Int,
    at: Schema.optional(Schema.DateTimeUtc),
    headers: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) })
  })
)

/** The file beside a page is as small as this. */
const largestKept = 1_000_000

/** What is known of a page that `lb` kept; none of a page from elsewhere. */
const keptWith = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const beside = file.replace(/\.html$/u, ".json")
    if (beside === file || (yield* fs.stat(beside)).size > largestKept) return Option.none()
    return Schema.decodeUnknownOption(Kept)(yield* fs.readFileString(beside))
  }).pipe(Effect.orElseSucceed(() => Option.none<typeof Kept.Type>()))

const failed = (place: string, reason: "NotRecognised" | "TooLarge" | "Unreadable", detail: string, advice?: string) =>
  new ImportError({ reason, place, detail, ...(advice === undefined ? {} : { advice }) })

/**
 * Reads a page from a file, of 32 MB at most. The address of one that says none is empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readPageFile = (
  file: string,
  baseUrls: ReadonlyArray<string>
): Effect.Effect<PageResponse, ImportError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const unreadable = (error: { readonly message: string }) => failed(file, "Unreadable", error.message)
    const info = yield* Effect.mapError(fs.stat(file), unreadable)
    if (info.type !== "File") return yield* failed(file, "Unreadable", "it is not a file")
    if (info.size > largestText)
      return yield* failed(file, "TooLarge", `the page is larger than ${largestText / 1024 / 1024} MB`)
    const modifiedAt = DateTime.unsafeMake(Option.getOrElse(info.mtime, () => new Date(0)))
    const kept = yield* keptWith(file)
    const bytes = Stream.mapError(fs.stream(file), unreadable)
    const now = modifiedAt.epochMillis
    if (Option.isSome(kept)) {
      const { at, headers, status, url } = kept.value
      const body = yield* Stream.mkString(Stream.decodeText(bytes))
      return { url, status, headers, body, now: at?.epochMillis ?? now }
    }
    const head = yield* bytes.pipe(Stream.take(1), Stream.decodeText(), Stream.mkString)
    if (!/^\uFEFF?\s*</u.test(head))
      return yield* failed(
        file,
        "NotRecognised",
        "it is not HTML",
        "Give a page that was saved as HTML. lb import --dry-run reads archives (HAR, WARC, WACZ)."
      )
    const records = yield* readSavedHtml(file, bytes, modifiedAt, baseUrls).pipe(
      Stream.filter(SavedRecord.$is("Captured")),
      Stream.runHead,
      Effect.catchIf(
        ({ reason }) => reason === "NotRecognised",
        () => Effect.succeedNone
      )
    )
    if (Option.isSome(records)) {
      const { body, headers, status, url } = records.value.capture
      return { url, status, headers, body, now }
    }
    return { url: "", status: 200, headers: {}, body: yield* Stream.mkString(Stream.decodeText(bytes)), now }
  })
