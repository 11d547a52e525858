/**
 * The official export of Letterboxd: a ZIP, the same unpacked, or its `ratings.csv` alone.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import {
  type AsideRow,
  ImportedList,
  ImportError,
  ImportItem,
  type KnownFilms,
  type Username,
  UsernameFromText,
  type WatchedFilm
} from "@letterboxd-ratings/core"
import { DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import type { Candidate, ImportOptions, InputKind } from "../InputKind.ts"
import { isZip } from "../reading/ZipArchive.ts"
import { type ExportFiles, openExport, rootOf } from "./ExportFiles.ts"
import { readExportName } from "./ExportName.ts"
import { countDiary } from "./DiaryRows.ts"
import { columnsOf, readRows } from "./ExportRows.ts"
import {
  type FilmRow,
  type FilmRows,
  keyOf,
  makeRowReaders,
  readFilmRows,
  type RowReaders,
  undecodedNote
} from "./FilmRows.ts"

const kind = "export"
const ratingsColumns = ["Date", "Name", "Year", "Letterboxd URI", "Rating"]

/** Whether a text is a `ratings.csv`: its header has these columns and no others, which `diary.csv` has. */
const isRatingsFile = (head: Uint8Array): boolean => {
  const end = head.indexOf(10)
  const header = Buffer.from(head.subarray(0, end === -1 ? Math.min(head.length, 1024) : end)).toString("utf8")
  const names = columnsOf(header.replace(/^\uFEFF/u, ""))
  return names.length === ratingsColumns.length && ratingsColumns.every((column) => names.includes(column))
}

const lastPart = (path: string): string => path.replace(/[/\\]+$/u, "").replace(/^.*[/\\]/su, "")

const recognises = ({ entries, head, isFolder, path }: Candidate): boolean =>
  isFolder || isZip(head)
    ? Option.isSome(rootOf(entries)) ||
      // Parts of an export are refused as such, and not as something unknown.
      (entries.some((name) => name.endsWith(".csv")) && Option.isSome(readExportName(lastPart(path))))
    : isRatingsFile(head)

const decodeUsername = Schema.decodeEither(UsernameFromText)

/** The member's name, from the profile or else `as`. The rest of the row is private and goes no further than this function. */
const readProfile = (files: ExportFiles, as: ImportOptions["as"]): Effect.Effect<Username | undefined, ImportError> =>
  Effect.gen(function* () {
    const name = "profile.csv"
    const given = as ?? Effect.succeed(undefined)
    if (!files.names.has(name)) return yield* given
    const found: Array<Username> = []
    const place = files.placeOf(name)
    const refused = (line: number, detail: string) => new ImportError({ reason: "Invalid", place, line, detail })
    const problems: Array<ImportError> = []
    yield* readRows(
      files,
      name,
      { columns: ["Username"], mostRows: 1 },
      {
        row: ([text = ""], line) =>
          Either.match(decodeUsername(text), {
            // The value may be a private one that stands in the wrong column.
            onLeft: () => problems.push(refused(line, "the column Username has no member's name")),
            onRight: (username) => found.push(username)
          }),
        unreadable: (line) => problems.push(refused(line, "the row of the member cannot be decoded"))
      }
    )
    const [problem] = problems
    if (found[0] !== undefined) return found[0]
    if (as === undefined && problem !== undefined) return yield* problem
    return yield* given
  })

/** An export as far as it must be known to choose the newest of each member: `filesAt` is the newest time of its files. */
interface IndexedExport {
  readonly candidate: Candidate
  readonly member: Username
  readonly readAt: DateTime.Utc
  readonly isChecked: boolean
  readonly filesAt: DateTime.Utc
  readonly notes: ReadonlyArray<string>
}

const indexExport = (
  candidate: Candidate,
  as: ImportOptions["as"]
): Effect.Effect<IndexedExport, ImportError, FileSystem.FileSystem | Path.Path> =>
  Effect.scoped(
    Effect.gen(function* () {
      const files = yield* openExport(candidate)
      if (!files.names.has("ratings.csv"))
        return yield* new ImportError({
          reason: "Incomplete",
          place: candidate.path,
          detail: "the export has no ratings.csv",
          advice: "Make a new export at letterboxd.com/settings/data."
        })
      const member = yield* readProfile(files, as)
      if (member === undefined)
        return yield* new ImportError({
          reason: "NoName",
          place: candidate.path,
          detail: "the export has no profile.csv that names the member",
          advice: "Name the member with --as NAME."
        })
      const root = Option.getOrElse(rootOf(candidate.entries), () => "")
      const named = Option.orElse(readExportName(lastPart(candidate.path)), () => readExportName(lastPart(root)))
      return {
        candidate,
        member,
        readAt: Option.match(named, { onNone: () => files.modifiedAt, onSome: ({ madeAt }) => madeAt }),
        isChecked: files.isChecked,
        filesAt: files.modifiedAt,
        notes: Option.match(named, {
          onNone: () => ["The name of the export does not tell when it was made; the time of its files was taken."],
          onSome: (name) =>
            name.member === member ? [] : [`The export's name has ${name.member}, and the member is ${member}.`]
        })
      }
    })
  )

/** The rated films, each once; a film with two ratings that differ is in `contradicted`. */
const ratedFilms = (rows: ReadonlyArray<FilmRow>) => {
  const rated = new Map<number | string, FilmRow>()
  const contradicted = new Map<number | string, number>()
  let doubled = 0
  let firstLine = Infinity
  for (const row of rows) {
    const key = keyOf(row)
    const before = rated.get(key)
    if (before === undefined) {
      rated.set(key, row)
      continue
    }
    const rowsSoFar = contradicted.get(key)
    if (rowsSoFar !== undefined || before.rating !== row.rating) {
      contradicted.set(key, (rowsSoFar ?? 1) + 1)
      firstLine = Math.min(firstLine, row.line)
    } else {
      doubled += 1
      // The same rating twice: it is as old as its later statement.
      if (row.day > before.day) rated.set(key, row)
    }
  }
  for (const key of contradicted.keys()) rated.delete(key)
  let contradictedRows = 0
  for (const count of contradicted.values()) contradictedRows += count
  return { rated, contradicted, contradictedRows, doubled, firstLine }
}

/** Counts the rows below `deleted/` or `orphaned/`; nothing of them is kept. */
const countAside = (files: ExportFiles, folder: string) =>
  Effect.gen(function* () {
    let count: number | undefined
    const notes: Array<string> = []
    for (const name of files.names) {
      if (!name.startsWith(folder) || name.slice(folder.length).includes("/") || !name.endsWith(".csv")) continue
      const counted = { rows: 0 }
      const sink = {
        row: () => {
          counted.rows += 1
        },
        unreadable: (_line: number, lines: number) => {
          counted.rows += lines
        }
      }
      const place = files.placeOf(name)
      const wrong = yield* readRows(files, name, { columns: ["Name", "Letterboxd URI"] }, sink).pipe(
        Effect.as(undefined),
        Effect.catchAll(Effect.succeed)
      )
      // Lists and comments have other columns and are not about a film.
      if (wrong !== undefined && wrong.reason !== "Incomplete") notes.push(`${place} could not be counted to its end.`)
      count = (count ?? 0) + counted.rows
    }
    return { count, notes }
  })

const noRows: FilmRows = { rows: [], notDecoded: 0, notes: [] }

const readExport = (
  { candidate, member, notes: indexNotes, readAt }: IndexedExport,
  readers: RowReaders
): Effect.Effect<ReadonlyArray<ImportItem>, ImportError, FileSystem.FileSystem | Path.Path> =>
  Effect.scoped(
    Effect.gen(function* () {
      const files = yield* openExport(candidate)
      const rowsOf = (name: string, hasRatings = false) =>
        files.names.has(name) ? readFilmRows(files, name, hasRatings, readers) : Effect.succeed(noRows)
      const ratings = yield* rowsOf("ratings.csv", true)
      const watched = yield* rowsOf("watched.csv")
      const likes = yield* rowsOf("likes/films.csv")
      const { contradicted, contradictedRows, doubled, firstLine, rated } = ratedFilms(ratings.rows)
      const isLikesKnown = files.names.has("likes/films.csv") && likes.notDecoded === 0
      const liked = new Set(likes.rows.map(keyOf))
      const isLiked = { liked: true }
      const notLiked = isLikesKnown ? { liked: false } : {}

      const films: Array<WatchedFilm> = []
      const aside: Array<AsideRow> = []
      const seen = new Set<number | string>()
      let ratedCount = 0
      let withoutNumber = 0
      let doubledWatched = 0
      const add = (row: FilmRow): void => {
        const key = keyOf(row)
        if (seen.has(key)) {
          doubledWatched += 1
          return
        }
        seen.add(key)
        // Which of its ratings is right is not known, so the film is not passed on as unrated either.
        if (contradicted.has(key)) return
        const opinion = rated.get(key)
        if (row.id === undefined) {
          withoutNumber += 1
          if (row.slug !== undefined && opinion?.rating !== undefined)
            aside.push({ username: member, slug: row.slug, halfStars: opinion.rating * 2, source: kind, readAt })
          return
        }
        if (opinion !== undefined) ratedCount += 1
        const film = readers.filmOf(row, row.id)
        const like = liked.has(key) ? isLiked : notLiked
        if (opinion?.rating === undefined) films.push({ film, ...like })
        else films.push({ film, rating: opinion.rating, ratedOn: opinion.day, ...like })
      }
      for (const row of watched.rows) add(row)
      let notWatched = 0
      let firstNotWatched = 0
      for (const [key, row] of rated) {
        if (seen.has(key)) continue
        notWatched += 1
        if (notWatched === 1) firstNotWatched = row.line
        add(row)
      }
      const likedOnly = likes.rows.filter((row) => !seen.has(keyOf(row)) && !contradicted.has(keyOf(row))).length

      const diary = yield* countDiary(
        files,
        watched.rows.length > 0 ? watched.rows : ratings.rows,
        rated,
        readers.cells
      )
      const deleted = yield* countAside(files, "deleted/")
      const orphaned = yield* countAside(files, "orphaned/")

      const ratingsPlace = files.placeOf("ratings.csv")
      const notDecoded = ratings.notDecoded + watched.notDecoded + likes.notDecoded + contradictedRows
      // No checksum proves that the files of a folder are whole.
      const lost = files.isChecked ? undefined : diary.withoutRating
      const reasons = [
        ...(lost === undefined
          ? []
          : [
              `${lost} ${lost === 1 ? "film has" : "films have"} a rating in ${files.placeOf("diary.csv")} and none in ${ratingsPlace}, which may be cut. Import the ZIP of this export, if you have it.`
            ]),
        ...(files.names.has("watched.csv")
          ? []
          : ["There is no watched.csv, so nothing proves that the list is complete."]),
        ...ratings.notes,
        ...watched.notes,
        ...likes.notes,
        ...(contradictedRows > 0
          ? [
              `${contradictedRows} rows of ${ratingsPlace} give a film different ratings, the first in line ${firstLine}; they were not taken.`
            ]
          : []),
        ...(files.names.has("watched.csv") && notWatched > 0
          ? [
              `${notWatched} rated films are not in watched.csv, the first in line ${firstNotWatched} of ${ratingsPlace}, so nothing proves that the list is complete.`
            ]
          : []),
        ...(withoutNumber > 0
          ? [`${withoutNumber} films have an address instead of a number that is known; their ratings are kept aside.`]
          : [])
      ]
      const isComplete =
        lost === undefined &&
        files.names.has("watched.csv") &&
        notDecoded === 0 &&
        notWatched === 0 &&
        withoutNumber === 0
      const counts = {
        members: 1,
        ratings: ratedCount,
        watched: films.length - ratedCount,
        ...(diary.joined === undefined ? {} : { joined: diary.joined, notJoined: diary.notJoined }),
        notDecoded: notDecoded + (diary.notDecoded ?? 0),
        ...(orphaned.count === undefined ? {} : { orphaned: orphaned.count }),
        ...(deleted.count === undefined ? {} : { deleted: deleted.count }),
        withoutNumber,
        ignored: doubled + doubledWatched + likedOnly
      }
      const notes = [
        ...indexNotes,
        ...reasons,
        ...(doubled + doubledWatched > 0
          ? [`${doubled + doubledWatched} rows name a film again and say the same; they were ignored.`]
          : []),
        ...(diary.notDecoded !== undefined && diary.notDecoded > 0
          ? [undecodedNote(diary.notDecoded, files.placeOf("diary.csv"), diary.firstLine ?? 0)]
          : []),
        ...deleted.notes,
        ...orphaned.notes
      ]
      const rows = ratings.rows.length + watched.rows.length + likes.rows.length
      return [
        ImportItem.Progress({ place: candidate.path, bytes: candidate.bytes, totalBytes: candidate.bytes, rows }),
        ...(aside.length > 0 ? [ImportItem.Aside({ rows: aside })] : []),
        ImportItem.Member({
          member: {
            username: member,
            place: candidate.path,
            source: kind,
            readAt,
            list: isComplete
              ? ImportedList.Complete({ films, ...(files.isChecked ? {} : { isUnchecked: true }) })
              : ImportedList.Unproven({ films })
          }
        }),
        ImportItem.Read({ place: candidate.path, kind, counts, notes })
      ]
    })
  )

/**
 * What tells which of two exports of one member is read: the words, and a number below 0 if it is the other one. Names tell
 * the minute. The times of unpacked files are those of who unpacked them, so they are compared with their like only.
 */
const preferences: ReadonlyArray<
  readonly [words: string, compare: (one: IndexedExport, other: IndexedExport) => number]
> = [
  ["", (one, other) => one.readAt.epochMillis - other.readAt.epochMillis],
  ["its checksums prove that it is whole", (one, other) => Number(one.isChecked) - Number(other.isChecked)],
  ["its files are newer", (one, other) => one.filesAt.epochMillis - other.filesAt.epochMillis],
  [
    "nothing tells which is newer: the one whose path sorts last is read",
    (one, other) => (one.candidate.path > other.candidate.path ? 1 : -1)
  ]
]

/** The first preference that tells two exports apart. */
const preferenceOf = (one: IndexedExport, other: IndexedExport) => {
  for (const [words, compare] of preferences) {
    const difference = compare(one, other)
    if (difference !== 0) return { words, difference }
  }
  return { words: "", difference: 0 }
}

const found = ({ candidate, member, readAt }: IndexedExport) =>
  ImportItem.Found({
    place: candidate.path,
    kind,
    words: `official export of ${member}, made on ${DateTime.formatIsoDateUtc(readAt)}`
  })

const givesCompleteList = (item: ImportItem): boolean => item._tag === "Member" && item.member.list._tag === "Complete"

const notRead = (one: IndexedExport, chosen: IndexedExport): ReadonlyArray<ImportItem> => {
  const { words } = preferenceOf(chosen, one)
  const why =
    words === ""
      ? `a newer export of ${one.member}, made on ${DateTime.formatIsoDateUtc(chosen.readAt)}`
      : `an export of ${one.member} that was made in the same minute, and ${words}`
  return [
    found(one),
    ImportItem.Read({
      place: one.candidate.path,
      kind,
      counts: {},
      notes: [`It was not read: ${chosen.candidate.path} is ${why}.`]
    })
  ]
}

/** While the disk is waited for, others are read. */
const exportsAtOnce = 4

const items = (
  inputs: ReadonlyArray<Candidate>,
  options: ImportOptions,
  known: KnownFilms
): Stream.Stream<ImportItem, ImportError, FileSystem.FileSystem | Path.Path> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const byMember = new Map<Username, Array<IndexedExport>>()
      const indexed = yield* Effect.forEach(inputs, (candidate) => Effect.either(indexExport(candidate, options.as)), {
        concurrency: exportsAtOnce
      })
      for (const input of indexed) {
        if (Either.isLeft(input)) continue
        const others = byMember.get(input.right.member)
        if (others === undefined) byMember.set(input.right.member, [input.right])
        else others.push(input.right)
      }
      const readers = makeRowReaders(known)
      const read = (one: IndexedExport) =>
        readExport(one, readers).pipe(
          Effect.catchAll((error) => Effect.succeed([ImportItem.Refused({ error })])),
          Effect.map((items) => [found(one), ...items])
        )
      /** The newest export of a member; where it gives no complete list, the next older one before it, and so on. */
      const readNewest = (exports: ReadonlyArray<IndexedExport>) =>
        Effect.gen(function* () {
          const newestFirst = exports.toSorted((one, other) => preferenceOf(other, one).difference)
          const told: Array<ReadonlyArray<ImportItem>> = []
          let complete: IndexedExport | undefined
          for (const one of newestFirst) {
            if (complete !== undefined) {
              told.push(notRead(one, complete))
              continue
            }
            const own = yield* read(one)
            if (own.some(givesCompleteList)) complete = one
            told.push(own)
          }
          // The oldest first, as they would be imported one by one.
          return told.toReversed().flat()
        })
      return Stream.fromIterable(indexed).pipe(
        Stream.mapEffect(
          (input): Effect.Effect<ReadonlyArray<ImportItem>, never, FileSystem.FileSystem | Path.Path> => {
            if (Either.isLeft(input)) return Effect.succeed([ImportItem.Refused({ error: input.left })])
            const exports = byMember.get(input.right.member) ?? []
            // All exports of a member are told where the first one of them stands.
            return exports[0] === input.right ? readNewest(exports) : Effect.succeed([])
          },
          // What is in memory already is not waited for, and each export that is read beside others costs a fiber.
          { concurrency: inputs.every(({ content }) => content !== undefined) ? 1 : exportsAtOnce }
        ),
        // The items of one export stay together: as many exports are in memory as are read at once.
        Stream.flattenIterables
      )
    })
  )

/**
 * Official exports. One is recognised by its files: a ZIP or a folder with them, also below one folder, or one
 * `ratings.csv`. The member is the one that `profile.csv` names, else `as`. Of several exports of a member only the newest
 * is read (of the same minute a ZIP rather than a folder, the one with newer files, or the one whose path sorts last);
 * where it gives no complete list, the next older one is read too. A list is `Complete` if `watched.csv` is there and has every rated film and if every row of both and of
 * `likes/films.csv` is decoded; else it is `Unproven`, and the notes say why. Films have numbers, titles and years, and a
 * slug only where the export has a film's address instead of a code. `diary.csv`, `deleted/` and `orphaned/` are counted;
 * nothing else is opened. The films of four exports are in memory at a time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const officialExport: InputKind = {
  name: kind,
  keeps: ["rated_on"],
  looksFor: "official exports (profile.csv, ratings.csv and watched.csv in a ZIP or a folder, or a ratings.csv)",
  recognises,
  items
}
