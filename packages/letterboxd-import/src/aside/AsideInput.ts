/**
 * The ratings without a film number that earlier imports kept beside a dataset, as an input.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import {
  type AsideRow,
  type ImportedEntry,
  ImportedList,
  ImportError,
  ImportItem,
  type KnownFilms,
  ratingFromHalfStars,
  Slug,
  Username
} from "@letterboxd-ratings/core"
import { DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import { feed } from "../feed/FeedInput.ts"
import { columnsAt, type DelimitedBlock, delimitedBlocks, fileBytes } from "../reading/DelimitedRows.ts"
import { asideColumns, asideFileName } from "./AsideFile.ts"

const kind = "unmatched-ratings"

const decodeFields = Schema.decodeUnknownOption(
  Schema.Struct({
    username: Username,
    film_slug: Slug,
    rating: Schema.NumberFromString,
    source: Schema.NonEmptyString,
    read_at: Schema.DateTimeUtc
  })
)

const rowOf = (cells: ReadonlyArray<string>, at: { readonly [N in (typeof asideColumns)[number]]: number }) =>
  Option.flatMap(
    decodeFields(Object.fromEntries(asideColumns.map((name) => [name, cells[at[name]]]))),
    ({ film_slug: slug, rating, read_at: readAt, source, username }): Option.Option<AsideRow> =>
      Option.isSome(ratingFromHalfStars(rating * 2))
        ? Option.some({ username, slug, halfStars: rating * 2, source, readAt })
        : Option.none()
  )

/** Rows of one list that stand together. */
interface Group extends Pick<AsideRow, "readAt" | "source" | "username"> {
  readonly entries: Array<ImportedEntry>
}

/** Entries of a feed have times of their own. */
const isOfFeed = ({ source }: Pick<AsideRow, "source">): boolean => source === feed.name

const isOf = (group: Group, row: AsideRow): boolean =>
  group.username === row.username &&
  group.source === row.source &&
  (isOfFeed(row) || DateTime.Equivalence(group.readAt, row.readAt))

const listOf = ({ entries, ...group }: Group): ImportedList =>
  isOfFeed(group)
    ? ImportedList.Entries({ entries })
    : ImportedList.Additions({ films: entries.map(({ watched }) => watched) })

/**
 * The rows of the file beside a dataset, if it has one: those whose films are known now as `Additions` to their lists (or
 * as entries, if they come from a feed), the others as `Aside` again. Rows of lists that this import has told of again (`isTold`) are left out. It fails if the file
 * was changed so that a row cannot be read: nothing of the file is dropped then.
 */
const asideItems = (
  folder: string,
  films: KnownFilms,
  isTold: (row: AsideRow) => boolean
): Stream.Stream<ImportItem, ImportError, FileSystem.FileSystem | Path.Path> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const place = path.join(folder, asideFileName)
      const isThere = yield* Effect.orElseSucceed(fs.exists(place), () => false)
      if (!isThere) return Stream.empty
      let ratings = 0
      let withoutNumber = 0
      let again = 0
      let group: Group | undefined

      const memberOf = (of: Group): ImportItem => {
        const { entries, source, username } = of
        const readAt = entries.reduce((newest, { at }) => DateTime.max(newest, at), of.readAt)
        return ImportItem.Member({ member: { username, place, source, readAt, list: listOf(of) } })
      }
      const itemsOf = (block: DelimitedBlock): Either.Either<ReadonlyArray<ImportItem>, ImportError> =>
        Either.gen(function* () {
          const at = yield* columnsAt(place, block.form, asideColumns)
          const items: Array<ImportItem> = []
          const unknown: Array<AsideRow> = []
          const changed = (line: number) =>
            Either.left(
              new ImportError({
                reason: "Invalid",
                place,
                line,
                detail: "this row of ratings without a film number cannot be read",
                advice: "Correct the row, or move the file elsewhere, and import again."
              })
            )
          const [damaged] = block.damaged
          if (damaged !== undefined) return yield* changed(damaged)
          for (const { cells, line } of block.rows) {
            const row = Option.getOrUndefined(rowOf(cells, at))
            if (row === undefined) return yield* changed(line)
            if (isTold(row)) {
              again += 1
              continue
            }
            const id = films.idOf(row.slug)
            const rating = Option.getOrUndefined(ratingFromHalfStars(row.halfStars))
            if (id === undefined || rating === undefined) {
              withoutNumber += 1
              unknown.push(row)
              continue
            }
            ratings += 1
            if (group !== undefined && !isOf(group, row)) {
              items.push(memberOf(group))
              group = undefined
            }
            const { readAt, source, username } = row
            group ??= { readAt, source, username, entries: [] }
            group.entries.push({ at: row.readAt, watched: { film: { id, slug: row.slug }, rating } })
          }
          if (unknown.length > 0) items.push(ImportItem.Aside({ rows: unknown }))
          return items
        })

      return Stream.make(
        ImportItem.Found({ place, kind, words: "ratings that earlier imports kept, whose films had no known number" })
      ).pipe(
        Stream.concat(
          delimitedBlocks(place, fileBytes(place)).pipe(Stream.mapEffect(itemsOf), Stream.flattenIterables)
        ),
        Stream.concat(Stream.suspend(() => (group === undefined ? Stream.empty : Stream.make(memberOf(group))))),
        Stream.concat(
          Stream.suspend(() =>
            Stream.make(ImportItem.Read({ place, kind, counts: { ratings, withoutNumber, ignored: again }, notes: [] }))
          )
        )
      )
    })
  )

/** Rows of a list take the place of its older rows; entries of a feed are told one by one. */
const keyOf = (row: AsideRow): string =>
  isOfFeed(row) ? `${row.source} ${row.username} ${row.slug}` : `${row.source} ${row.username}`

/**
 * The items of an import, and then the rows that earlier imports kept aside beside the dataset in `folder`, so that none of
 * them is dropped. Those of lists that `items` told of again are left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const followedByAside = <R>(
  items: Stream.Stream<ImportItem, ImportError, R>,
  folder: string | undefined,
  films: KnownFilms
): Stream.Stream<ImportItem, ImportError, FileSystem.FileSystem | Path.Path | R> =>
  Stream.suspend(() => {
    if (folder === undefined) return items
    const told = new Map<string, number>()
    return items.pipe(
      Stream.map((item) => {
        if (item._tag === "Aside")
          for (const row of item.rows) told.set(keyOf(row), Math.max(told.get(keyOf(row)) ?? 0, row.readAt.epochMillis))
        return item
      }),
      Stream.concat(asideItems(folder, films, (row) => (told.get(keyOf(row)) ?? -Infinity) >= row.readAt.epochMillis))
    )
  })
