/**
 * Saved pages as a kind of input: HAR, WARC, WACZ and saved HTML.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform"
import { ImportError, ImportItem, ImportedList, type InputCounts, judgeMember } from "@letterboxd-ratings/core"
import {
  countRatedFilms,
  filmsUrl,
  judgeFilmsResponse,
  judgeMembersResponse,
  type PageResponse
} from "@letterboxd-ratings/letterboxd-source"
import { Chunk, DateTime, Effect, Option, Stream } from "effect"
import { inflateRawSync, constants } from "node:zlib"
import { type Candidate, headBytes, type ImportOptions, type InputKind } from "../InputKind.ts"
import { type Capture, type IsWanted, SavedRecord, type SkipReason } from "./Capture.ts"
import { readHar } from "./Har.ts"
import { PageAddress, pageAddress } from "./PageAddress.ts"
import { looksLikeSavedHtml, readSavedHtml } from "./SavedHtml.ts"
import { makeSavedMembers, type SavedMember } from "./SavedMembers.ts"
import { looksLikeWacz, readWacz } from "./Wacz.ts"
import { readWarc } from "./Warc.ts"

type Format = "har" | "warc" | "wacz" | "html"

const words: Readonly<Record<Format, string>> = {
  har: "pages that a browser recorded (HAR)",
  warc: "pages of a web archive (WARC)",
  wacz: "pages of a web archive (WACZ)",
  html: "a page saved from a browser"
}

const textOfHead = ({ head }: Candidate): string => Buffer.from(head.subarray(0, 65_536)).toString("utf8")

/** The first bytes of a compressed file, as far as its head goes. */
const inflatedHead = (head: Uint8Array): string => {
  try {
    const from = gzipHeader(head)
    return inflateRawSync(head.subarray(from, from + 1024), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 4 * 1024 * 1024
    }).toString("latin1")
  } catch {
    return ""
  }
}

/** The length of a gzip header, with its optional extra field, name and comment. */
const gzipHeader = (head: Uint8Array): number => {
  const flags = head[3] ?? 0
  let at = 10
  if ((flags & 4) !== 0) at += 2 + (head[at] ?? 0) + (head[at + 1] ?? 0) * 256
  if ((flags & 8) !== 0) at = head.indexOf(0, at) + 1
  if ((flags & 16) !== 0) at = head.indexOf(0, at) + 1
  return (flags & 2) === 0 ? at : at + 2
}

const formatOf = (candidate: Candidate): Format | undefined => {
  if (candidate.isFolder) return undefined
  if (candidate.entries.length > 0) return looksLikeWacz(candidate.entries) ? "wacz" : undefined
  const { head, path } = candidate
  if (head[0] === 0x1f && head[1] === 0x8b) return inflatedHead(head).startsWith("WARC/") ? "warc" : undefined
  const text = textOfHead(candidate)
  if (text.startsWith("WARC/")) return "warc"
  if (/^\uFEFF?\s*\{\s*"log"\s*:\s*\{/u.test(text) || (/\.har$/iu.test(path) && /^\uFEFF?\s*\{/u.test(text)))
    return "har"
  return looksLikeSavedHtml(text) || (/\.html?$/iu.test(path) && isUtf16(head)) ? "html" : undefined
}

const isUtf16 = (head: Uint8Array): boolean =>
  (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)

/** What is counted of one input. */
interface Tally {
  readonly input: Candidate
  readonly skipped: Map<SkipReason, number>
  readonly notes: Array<string>
  judged: number
  again: number
  membersAgain: number
  notAsked: number
  error?: ImportError
}

const bytesAtOnce = 256 * 1024
/** So many bytes of a file are read between two items that tell of progress. */
const bytesOfProgress = 4 * 1024 * 1024

/** The members whose missing pages are told by name in notes. */
const mostToldMembers = 20
const mostToldPages = 10

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

const skipNotes: ReadonlyArray<readonly [SkipReason, (count: number) => string]> = [
  [
    "no-body",
    (n) =>
      `${plural(n, "page is", "pages are")} in the file without ${n === 1 ? "its" : "their"} text. Open ${n === 1 ? "it" : "them"} again and save the file before you close the browser.`
  ],
  [
    "cut-body",
    (n) => `The text of ${plural(n, "page")} is cut. Open ${n === 1 ? "it" : "them"} again and save the file again.`
  ],
  ["unreadable-body", (n) => `The text of ${plural(n, "page")} is damaged, or compressed in a way that is not known.`],
  [
    "too-large",
    (n) => `${plural(n, "record")} exceeded the bounds on a page and ${n === 1 ? "was" : "were"} not read.`
  ],
  ["revisit", (n) => `${plural(n, "record refers", "records refer")} to a page that was saved before.`],
  ["no-date", (n) => `${plural(n, "page does", "pages do")} not tell when ${n === 1 ? "it was" : "they were"} saved.`]
]

/** Words of a redirect can hold more than an address, and the verdict depends on the address only. */
const withoutQuery = (location: string): string => location.replace(/[?#].*$/su, "")

const responseOf = (capture: Capture): PageResponse => ({
  url: capture.url,
  status: capture.status,
  headers:
    capture.headers.location === undefined
      ? capture.headers
      : { ...capture.headers, location: withoutQuery(capture.headers.location) },
  body: capture.body,
  now: DateTime.toEpochMillis(capture.capturedAt)
})

const kindName = "saved-pages"

/**
 * Members from saved pages. All inputs are taken together: pages of one member may be in several files. Pages of members'
 * films and of the members list are judged as the pages of the site are; everything else is counted as ignored. Of several
 * captures of a page the newest usable one counts. `Found` and `Progress` come while files are read, then the members
 * (those of saved members lists first), then `Read` or `Refused` for each file. The films of all pages are in memory, and
 * the text of one page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const savedPages: InputKind = {
  name: kindName,
  keeps: [],
  looksFor: "pages saved from a browser (HAR, HTML, SingleFile) or in an archive (WARC, WACZ)",
  recognises: (candidate) => formatOf(candidate) !== undefined,
  items: (inputs, options) =>
    Stream.unwrap(
      Effect.map(FileSystem.FileSystem, (fs) =>
        Stream.suspend(() => {
          const members = makeSavedMembers()
          const tallies = inputs.map((input): Tally => ({
            input,
            skipped: new Map(),
            notes: [],
            judged: 0,
            again: 0,
            membersAgain: 0,
            notAsked: 0
          }))
          const reading = Stream.flatMap(Stream.fromIterable(tallies.entries()), ([number, tally]) =>
            readInput(fs, members, options, number, tally)
          )
          return Stream.concat(
            reading,
            Stream.suspend(() => Stream.fromIterable(finish(members, tallies)))
          )
        })
      )
    )
}

const isWantedWith =
  (options: ImportOptions): IsWanted =>
  (url, site) =>
    Option.isSome(pageAddress(url, sitesOf(options, site)))

/** The sites whose pages are read: a recording of a run says which one it is of. */
const sitesOf = ({ baseUrls }: ImportOptions, site: string | undefined): ReadonlyArray<string> =>
  site === undefined ? baseUrls : [...baseUrls, site]

const recordsOf = (
  fs: FileSystem.FileSystem,
  { modifiedAt, path }: Candidate,
  format: Format,
  options: ImportOptions,
  onBytes: (bytes: number) => void
): Stream.Stream<SavedRecord, ImportError> => {
  const bytes = fs.stream(path, { chunkSize: bytesAtOnce }).pipe(
    Stream.mapError(unreadable(path)),
    Stream.tap((chunk) => Effect.sync(() => onBytes(chunk.length)))
  )
  switch (format) {
    case "wacz":
      return Stream.provideService(readWacz(path, isWantedWith(options), onBytes), FileSystem.FileSystem, fs)
    case "har":
      return readHar(path, bytes, isWantedWith(options))
    case "warc":
      return readWarc(path, bytes, isWantedWith(options))
    case "html":
      return readSavedHtml(path, bytes, modifiedAt, options.baseUrls)
  }
}

/** A file as it was recognised: with its first bytes, which are not kept for long where there are many files. */
const withHead = (fs: FileSystem.FileSystem, input: Candidate): Effect.Effect<Candidate, ImportError> =>
  input.isFolder || input.entries.length > 0
    ? Effect.succeed(input)
    : Effect.mapBoth(Stream.runCollect(fs.stream(input.path, { bytesToRead: headBytes })), {
        onFailure: unreadable(input.path),
        onSuccess: (chunks) => ({ ...input, head: Buffer.concat(Chunk.toReadonlyArray(chunks)) })
      })

const unreadable = (place: string) => (cause: unknown) =>
  new ImportError({ reason: "Unreadable", place, detail: "the file cannot be read", cause })

const readInput = (
  fs: FileSystem.FileSystem,
  members: ReturnType<typeof makeSavedMembers>,
  options: ImportOptions,
  number: number,
  tally: Tally
): Stream.Stream<ImportItem> =>
  Stream.unwrap(
    withHead(fs, tally.input).pipe(
      Effect.flatMap((input) => {
        const format = formatOf(input)
        return format === undefined
          ? Effect.fail(
              new ImportError({
                reason: "NotRecognised",
                place: input.path,
                detail: "the file is no HAR, WARC, WACZ or saved page"
              })
            )
          : Effect.succeed(readAs(format, fs, members, options, number, tally))
      }),
      Effect.catchAll((error) =>
        Effect.sync(() => {
          tally.error = error
          return Stream.empty
        })
      )
    )
  )

const readAs = (
  format: Format,
  fs: FileSystem.FileSystem,
  members: ReturnType<typeof makeSavedMembers>,
  options: ImportOptions,
  number: number,
  tally: Tally
): Stream.Stream<ImportItem> => {
  const place = tally.input.path
  let read = 0
  let told = 0
  let captures = 0
  const skip = (why: SkipReason) => tally.skipped.set(why, (tally.skipped.get(why) ?? 0) + 1)

  const judgeCapture = (capture: Capture): Effect.Effect<void> => {
    const address = pageAddress(capture.url, sitesOf(options, capture.site))
    if (Option.isNone(address)) return Effect.sync(() => skip("other"))
    captures += 1
    const at = DateTime.toEpochMillis(capture.capturedAt)
    const response = responseOf(capture)
    return PageAddress.$match(address.value, {
      Members: ({ list, number: page }) =>
        Effect.sync(() => {
          const verdict = judgeMembersResponse(response)
          if (verdict._tag !== "Members") skip("other")
          else if (members.addListing({ list, number: page, at, members: verdict.members })) tally.membersAgain += 1
          if (verdict._tag === "Members" && verdict.unreadable.length > 0)
            tally.notes.push(`${plural(verdict.unreadable.length, "row")} of a saved members list could not be read.`)
        }),
      Films: ({ base, listing, number: page, username }) => {
        // It tells how many films are rated, as the site is asked if a list seems to lack ratings.
        if (listing === "rated" && page === 1) {
          const rated = countRatedFilms(username, response)
          if (Option.isSome(rated)) members.addRated({ username, at, rated: rated.value })
        }
        // A list of rated films is used only for members without pages of all films.
        if (listing === "rated" && members.hasPlainPages(username)) {
          return Effect.sync(() => {
            tally.notAsked += 1
          })
        }
        return Effect.sync(() => {
          const verdict = judgeFilmsResponse({ username, page, listing }, response)
          tally.judged += 1
          if (members.add({ base, username, listing, number: page, verdict, at, input: number })) tally.again += 1
        })
      }
    })
  }

  const progress = (): ReadonlyArray<ImportItem> => {
    if (read - told < bytesOfProgress) return []
    told = read
    return [ImportItem.Progress({ place, bytes: read, totalBytes: tally.input.bytes, rows: captures })]
  }

  const records = recordsOf(fs, tally.input, format, options, (bytes) => {
    read += bytes
  }).pipe(
    Stream.mapEffect(
      SavedRecord.$match({
        Captured: ({ capture }) => judgeCapture(capture),
        Skipped: ({ why }) => Effect.sync(() => skip(why)),
        Committed: ({ batch }) => Effect.sync(() => members.addBatch(batch)),
        Noted: ({ text }) =>
          Effect.sync(() => {
            tally.notes.push(text)
          })
      })
    ),
    Stream.mapConcat(progress),
    Stream.catchAll((error) => {
      tally.error = error
      return Stream.empty
    })
  )
  return Stream.concat(Stream.make(ImportItem.Found({ place, kind: kindName, words: words[format] })), records)
}

interface Passed {
  readonly members: Set<string>
  pages: number
  ratings: number
  watched: number
}

/** The members, and then what became of each input. */
const finish = function* (
  members: ReturnType<typeof makeSavedMembers>,
  tallies: ReadonlyArray<Tally>
): Generator<ImportItem> {
  const passed = tallies.map((): Passed => ({ members: new Set(), pages: 0, ratings: 0, watched: 0 }))
  const incomplete: Array<{ readonly input: number; readonly text: string }> = []
  for (const saved of members.members(tallies.map(({ input }) => input.path))) {
    for (const { input, username, verdict } of saved.used) {
      const of = passed[input]
      if (of === undefined) continue
      of.members.add(username)
      of.pages += 1
      if (verdict._tag !== "Films") continue
      of.watched += verdict.films.length
      for (const { rating } of verdict.films) if (rating !== undefined) of.ratings += 1
    }
    const text = whatIsMissing(saved)
    if (text !== undefined) incomplete.push({ input: saved.used.at(-1)?.input ?? 0, text })
    yield ImportItem.Member({ member: saved.member })
  }
  for (const [number, tally] of tallies.entries()) {
    const { error, input, skipped } = tally
    const of = passed[number]
    if (error !== undefined) yield ImportItem.Refused({ error })
    if (of === undefined || (error !== undefined && of.pages === 0)) continue
    // Pages that were judged and do not count, because a newer one does or because they tell nothing of the list.
    const unused = tally.judged - of.pages + tally.membersAgain + tally.notAsked
    const ignored = [...skipped.values()].reduce((sum, count) => sum + count, unused)
    const counts: InputCounts = {
      members: of.members.size,
      pages: of.pages,
      ratings: of.ratings,
      watched: of.watched,
      ignored
    }
    const told = incomplete.filter((one) => one.input === number)
    const notes = [
      ...tally.notes,
      ...skipNotes.flatMap(([why, say]) => {
        const count = skipped.get(why)
        return count === undefined ? [] : [say(count)]
      }),
      ...(tally.again + tally.membersAgain === 0
        ? []
        : [`${plural(tally.again + tally.membersAgain, "page was", "pages were")} saved more than once.`]),
      ...told.slice(0, mostToldMembers).map(({ text }) => text),
      ...(told.length > mostToldMembers
        ? [`Pages of ${plural(told.length - mostToldMembers, "further member")} are missing.`]
        : [])
    ]
    // The rest of an input with an error cannot be imported; what came before it is.
    if (error === undefined) yield ImportItem.Read({ place: input.path, kind: kindName, counts, notes })
  }
}

/** Which pages of a member are to be opened next, in a sentence; none if the list is complete. */
const whatIsMissing = ({ base, listing, member }: SavedMember): string | undefined => {
  const parts = ImportedList.$is("Pages")(member.list) ? member.list.parts : []
  const { again, missing, state, username } = judgeMember(member.username, parts, listedFilmsOf(member.list))
  if (state !== "partial") return undefined
  const numbers = missing.length > 0 ? missing : again === "all" || again.length === 0 ? [] : again
  if (numbers.length === 0) {
    return `The list of ${username} changed while it was saved. Save all its pages again, from ${filmsUrl(base, username, listing, 1)}.`
  }
  const addresses = numbers.slice(0, mostToldPages).map((number) => filmsUrl(base, username, listing, number))
  const more = numbers.length - addresses.length
  return `${numbers.length === 1 ? "A page" : `${numbers.length} pages`} of ${username} ${numbers.length === 1 ? "is" : "are"} missing. Open and save ${addresses.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`
}

const listedFilmsOf = (list: ImportedList): number | undefined =>
  ImportedList.$is("Pages")(list) ? list.listedFilms : undefined
