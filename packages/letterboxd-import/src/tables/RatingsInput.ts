/**
 * One input of ratings in a table: read to its end, grouped by member, and told member by member.
 */
import {
  type AsideRow,
  ImportedList,
  ImportError,
  ImportItem,
  type InputCounts,
  ratingsByHalfStars,
  Username,
  UsernameFromText,
  type WatchedFilm
} from "@letterboxd-ratings/core"
import { Chunk, type DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import {
  columnsAt,
  decimalFrom,
  type DelimitedBlock,
  delimitedBlocks,
  detachedText,
  formWords
} from "../reading/DelimitedRows.ts"
import type { NamedFile } from "../reading/NamedFiles.ts"
import type { NamedFilm, RowFilm } from "./FilmTables.ts"
import { makeGroupedRatings, mostFilms, mostMembers, mostRows } from "./GroupedRatings.ts"

/**
 * What a value of the column of ratings means:
 *
 * - `stars`: 0.5 to 5.
 * - `half stars`: whole numbers, 1 to 10.
 * - `either`: stars, or half stars if any value is above 5.
 */
type Scale = "stars" | "half stars" | "either"

/**
 * Ratings in a table, and how its cells are read. `memberOf` and `filmOf` are asked once for each text, as long as there are
 * not too many; `undefined` is no member, or no film. `committed` is how many bytes of the file count, if it is not all of
 * them. `notes` are said at the
 * end; `notDecoded` counts rows of other files. `endsInLineEnd` says that a program wrote the file: a last row without a line
 * end is cut.
 */
export interface RatingsInput {
  readonly endsInLineEnd: boolean
  readonly kind: string
  readonly place: string
  readonly file: NamedFile
  readonly committed?: number
  readonly columns: { readonly user: string; readonly film: string; readonly rating: string }
  readonly scale: Scale
  readonly memberOf: (text: string) => Username | undefined
  readonly filmOf: (text: string) => NamedFilm | undefined
  readonly readAt: (member: Username) => DateTime.Utc
  readonly notes: () => ReadonlyArray<string>
  readonly notDecoded: number
}

/** A text of a row that is remembered is not longer. */
const longestKey = 500

/** So many ratings are made into members at once. */
const ratingsAtOnce = 20_000

/** So many rows are kept aside at once. */
const asideAtOnce = 10_000

const progressBytes = 1_048_576

const decodeMember = Schema.decodeUnknownOption(UsernameFromText)
const isMember = Schema.is(Username)

/** A member's name, as people write it. */
export const memberFrom = (text: string): Username | undefined =>
  isMember(text) ? text : text.length > longestKey ? undefined : Option.getOrUndefined(decodeMember(text))

const notARow = "cells are missing, or there are too many"
const notAMember = "there is no member's name"
const notAFilm = "there is no film"
const elsewhere = "the link leads to no film (but to a log entry, a list or the like)"
const notARating = "there is no rating"
const offScale = {
  stars: "the rating is none of 0.5, 1, 1.5 ... 5",
  "half stars": "the rating is no whole number from 1 to 10",
  either: "the rating is neither stars (0.5 to 5) nor half stars (1 to 10)"
} as const
const notWhole = "the file ends within it"
type Trouble =
  | "it is not CSV"
  | typeof notARow
  | typeof notAMember
  | typeof notAFilm
  | typeof elsewhere
  | typeof notARating
  | (typeof offScale)[Scale]
  | typeof notWhole

/** Texts and what they were read as, so that each is read once. */
const remembered = (read: (text: string) => number): ((text: string) => number) => {
  const places = new Map<string, number>()
  let lastText: string | undefined
  let lastPlace = -1
  return (text) => {
    if (text === lastText) return lastPlace
    let place = places.get(text)
    let kept = text
    if (place === undefined) {
      kept = detachedText(text.slice(0, longestKey + 1))
      place = read(kept)
      // What is nothing is not remembered: there may be any number of it.
      if (place >= 0) places.set(kept, place)
    }
    if (place >= 0) {
      lastText = kept
      lastPlace = place
    }
    return place
  }
}

/** The rows of a table that was read. */
const ratingRows = ({ columns, endsInLineEnd, file: { place: file }, filmOf, memberOf, scale }: RatingsInput) => {
  const ratings = makeGroupedRatings()
  const members: Array<Username> = []
  const films: Array<RowFilm> = []
  const memberPlaces = new Map<Username, number>()
  const filmPlaces = new Map<string | number, number>()
  const troubles = new Map<Trouble, { count: number; readonly line: number }>()
  let rows = 0
  let hasComma = false
  let aboveFive: number | undefined
  let withHalf: number | undefined
  let formNotes: ReadonlyArray<string> = []

  const trouble = (what: Trouble, line: number) => {
    const before = troubles.get(what)
    if (before === undefined) troubles.set(what, { count: 1, line })
    else before.count += 1
  }
  const memberAt = remembered((text) => {
    const member = memberOf(text)
    if (member === undefined) return -1
    const before = memberPlaces.get(member)
    if (before !== undefined) return before
    members.push(member)
    memberPlaces.set(member, members.length - 1)
    return members.length - 1
  })
  const filmAt = remembered((text) => {
    const film = text.length > longestKey ? undefined : filmOf(text)
    if (film === undefined) return -1
    if (film._tag === "Elsewhere") return -2
    const key = film._tag === "Numbered" ? film.film.id : film._tag === "Slug" ? `s${film.slug}` : `u${film.key}`
    const before = filmPlaces.get(key)
    if (before !== undefined) return before
    films.push(film)
    filmPlaces.set(key, films.length - 1)
    return films.length - 1
  })
  const values = new Map<string, number>()
  /** Twice the number in the cell, 1 to 20; 0 is no rating, and -1 is not on the scale. */
  const valueOf = (text: string): number => {
    const known = values.get(text)
    if (known !== undefined) return known
    const decimal = text.length > 40 ? undefined : decimalFrom(text)
    const twice = (decimal?.value ?? 0) * 2
    const most = scale === "stars" ? 10 : 20
    const step = scale === "half stars" ? 2 : 1
    const value =
      decimal !== undefined && twice >= step && twice <= most && twice % step === 0
        ? twice
        : text.trim() === ""
          ? 0
          : -1
    if (decimal?.hasComma === true && value > 0) hasComma = true
    if (values.size < 1000) values.set(detachedText(text), value)
    return value
  }
  const tooMany = (line: number, detail: string) =>
    Either.left(new ImportError({ reason: "TooLarge", place: file, line, detail }))

  return {
    take: (block: DelimitedBlock): Either.Either<number, ImportError> =>
      Either.flatMap(columnsAt(file, block.form, [columns.user, columns.film, columns.rating]), (at) => {
        const { header } = block.form
        const others = header.filter((name) => name !== "" && name !== "_id" && !(name in at))
        formNotes = [
          ...formWords(block.form),
          ...(others.length === 0
            ? []
            : [
                `Of ${file}, only the columns ${Object.keys(at).join(", ")} were read, and ${others.length} others were not.`
              ])
        ]
        const memberColumn = at[columns.user] ?? -1
        const filmColumn = at[columns.film] ?? -1
        const ratingColumn = at[columns.rating] ?? -1
        rows += block.rows.length + block.damaged.length
        for (const line of block.damaged) trouble("it is not CSV", line)
        const cutLine = block.isOpen && endsInLineEnd ? block.rows.at(-1)?.line : undefined
        for (const { cells, line } of block.rows) {
          if (line === cutLine) {
            trouble(notWhole, line)
            continue
          }
          if (cells.length !== header.length) {
            trouble(notARow, line)
            continue
          }
          const value = valueOf(cells[ratingColumn] ?? "")
          if (value <= 0) {
            trouble(value === 0 ? notARating : offScale[scale], line)
            continue
          }
          const member = memberAt(cells[memberColumn] ?? "")
          if (member < 0) {
            trouble(notAMember, line)
            continue
          }
          const film = filmAt(cells[filmColumn] ?? "")
          if (film < 0) {
            trouble(film === -2 ? elsewhere : notAFilm, line)
            continue
          }
          if (value > 10) aboveFive ??= line
          if (value % 2 === 1) withHalf ??= line
          ratings.add(member, film, value)
        }
        if (ratings.rows() > mostRows)
          return tooMany(block.rows.at(-1)?.line ?? 1, `it has more than ${mostRows} ratings`)
        if (members.length > mostMembers) {
          return tooMany(block.rows.at(-1)?.line ?? 1, `it names more than ${mostMembers} members`)
        }
        if (films.length > mostFilms)
          return tooMany(block.rows.at(-1)?.line ?? 1, `it names more than ${mostFilms} films`)
        return Either.right(rows)
      }),
    ratings,
    members,
    films,
    rows: () => rows,
    /** How values become half stars: by how much they are divided. Fails if the values belong to no scale. */
    divisor: (): Either.Either<1 | 2, ImportError> => {
      if (scale === "half stars") return Either.right(2)
      if (aboveFive === undefined) return Either.right(1)
      return withHalf === undefined
        ? Either.right(2)
        : Either.left(
            new ImportError({
              reason: "Invalid",
              place: file,
              line: aboveFive,
              detail: `a rating is above 5, and the one in line ${withHalf} has a half: these are neither stars nor half stars`,
              advice: "Write all ratings as stars (0.5 to 5), or all as half stars (1 to 10)."
            })
          )
    },
    notes: (): ReadonlyArray<string> => [
      ...formNotes,
      ...(hasComma ? ["Its numbers have decimal commas."] : []),
      ...(scale === "either" && ratings.rows() > 0
        ? [
            aboveFive === undefined
              ? "Its ratings were read as stars, 0.5 to 5."
              : `Its ratings were read as half stars, 1 to 10, because one is above 5 (line ${aboveFive}).`
          ]
        : []),
      ...Array.from(
        troubles,
        ([what, { count, line }]) =>
          `${count} ${count === 1 ? "row was" : "rows were"} not read because ${what}; the first is line ${line} of ${file}.`
      )
    ],
    notDecoded: (): number => Array.from(troubles.values()).reduce((sum, { count }) => sum + count, 0)
  }
}

/**
 * The items of an input, from progress to `Read`. Fails if the table cannot be read, before there is any member. Takes eight
 * bytes a rating, and the names of members and films.
 */
export const ratingsItems = (input: RatingsInput): Stream.Stream<ImportItem, ImportError> =>
  Stream.suspend(() => {
    const { columns, committed, file, kind, place, readAt } = input
    const totalBytes = committed ?? file.bytes
    const read = ratingRows(input)
    let told = 0
    const progress = delimitedBlocks(file.place, file.read(totalBytes), [
      columns.user,
      columns.film,
      columns.rating
    ]).pipe(
      Stream.mapEffect((block) =>
        Either.map(read.take(block), (rows) => {
          if (block.bytes - told < progressBytes) return Option.none()
          told = block.bytes
          return Option.some(ImportItem.Progress({ place, bytes: block.bytes, totalBytes, rows }))
        })
      ),
      Stream.filterMap((item) => item)
    )
    const members = Effect.map(Effect.suspend(read.divisor), (divisor) => {
      const counts = { members: 0, ratings: 0, withoutNumber: 0, ignored: 0 }
      const isAside = read.films.map(({ _tag }) => _tag !== "Numbered")
      const membersAside: Array<number> = []
      let next = 0
      let total = 0
      const numbered = Stream.unfoldChunk(undefined, () => {
        if (next >= read.members.length) return Option.none()
        const items: Array<ImportItem> = []
        for (let made = 0; next < read.members.length && made < ratingsAtOnce; next++) {
          const username = read.members[next]
          if (username === undefined) continue
          const films: Array<WatchedFilm> = []
          let aside = 0
          const ratings = read.ratings.of(next)
          for (const { film, value } of ratings) {
            const known = read.films[film]
            const rating = ratingsByHalfStars[value / divisor]
            if (known?._tag !== "Numbered" || rating === undefined) aside += 1
            else films.push({ film: known.film, rating })
          }
          made += ratings.length + 1
          total += ratings.length
          counts.ratings += films.length
          counts.withoutNumber += aside
          if (aside > 0) membersAside.push(next)
          if (films.length === 0) continue
          counts.members += 1
          items.push(
            ImportItem.Member({
              member: {
                username,
                place,
                source: kind,
                readAt: readAt(username),
                list: ImportedList.Unproven({ films })
              }
            })
          )
        }
        return Option.some([Chunk.unsafeFromArray(items), undefined])
      })
      let unknown = 0
      const rowsAside = function* (): Generator<ImportItem> {
        let rows: Array<AsideRow> = []
        for (const member of membersAside) {
          const username = read.members[member]
          if (username === undefined) continue
          const at = readAt(username)
          for (const { film, value } of read.ratings.of(member)) {
            if (isAside[film] !== true) continue
            const known = read.films[film]
            if (known?._tag === "Slug") {
              rows.push({ username, slug: known.slug, halfStars: value / divisor, source: kind, readAt: at })
              if (rows.length === asideAtOnce) {
                yield ImportItem.Aside({ rows })
                rows = []
              }
            } else unknown += 1
          }
        }
        if (rows.length > 0) yield ImportItem.Aside({ rows })
      }
      const end = Stream.sync(() => {
        counts.ignored = read.ratings.rows() - total
        const doubled = counts.ignored
        const notDecoded = read.notDecoded() + input.notDecoded
        const told: InputCounts = { ...counts, notDecoded }
        return ImportItem.Read({
          place,
          kind,
          counts: told,
          notes: [
            ...read.notes(),
            ...input.notes(),
            ...(doubled > 0
              ? [
                  `${doubled} ${doubled === 1 ? "row rates" : "rows rate"} a film that the same member rates further down. The last row of each counts.`
                ]
              : []),
            ...(unknown > 0
              ? [
                  `${unknown} ${unknown === 1 ? "rating has" : "ratings have"} a film with neither a slug nor a number, and cannot be kept aside.`
                ]
              : [])
          ]
        })
      })
      return numbered.pipe(Stream.concat(Stream.fromIteratorSucceed(rowsAside(), 1)), Stream.concat(end))
    })
    return Stream.concat(progress, Stream.unwrap(members))
  })
