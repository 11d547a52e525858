/**
 * Numbers of films at TMDB and IMDb by Letterboxd's slugs, as Wikidata has them.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform"
import { type Film, ImportError, type Slug } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { columnsAt, delimitedBlocks, detachedText, fileBytes } from "../reading/DelimitedRows.ts"
import { imdbIdFrom, slugFrom, tmdbIdFrom } from "./FilmTables.ts"
import { mostFilms } from "./GroupedRatings.ts"

/** What rows tell of a number; `several` if they differ. */
type Told<A> = A | "several" | undefined
const joined = <A>(before: Told<A>, now: A | undefined): Told<A> =>
  now === undefined || before === now ? before : before === undefined ? now : "several"
const certain = <A>(told: Told<A>): A | undefined => (told === "several" ? undefined : told)

/**
 * Reads a table with the columns `slug`, `tmdb_id` and `imdb_id`; one of the two numbers may be absent, as a column or in a
 * row. A number for which rows of one slug differ is left out. Fails with `InvalidOption` if the file cannot be read, if it has
 * neither column, or if a row is no CSV. Rows without a slug are passed over.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readNumbersBySlug = (
  place: string
): Effect.Effect<ReadonlyMap<Slug, Pick<Film, "imdbId" | "tmdbId">>, ImportError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const told = new Map<Slug, { tmdbId: Told<Film["tmdbId"]>; imdbId: Told<Film["imdbId"]> }>()
    const wrong = (detail: string, line?: number) =>
      new ImportError({ reason: "InvalidOption", place, ...(line === undefined ? {} : { line }), detail })
    yield* Stream.runForEach(delimitedBlocks(place, fileBytes(place), ["slug"]), ({ damaged, form, rows }) =>
      Effect.gen(function* () {
        const at = yield* columnsAt(place, form, ["slug"])
        const [tmdb, imdb] = [form.header.indexOf("tmdb_id"), form.header.indexOf("imdb_id")]
        if (tmdb === -1 && imdb === -1) return yield* wrong("it has no column tmdb_id and none imdb_id")
        if (damaged[0] !== undefined) return yield* wrong("it is not CSV", damaged[0])
        for (const { cells, line } of rows) {
          const slug = slugFrom(detachedText(cells[at.slug] ?? ""))
          if (slug === undefined) continue
          const before = told.get(slug)
          told.set(slug, {
            tmdbId: joined(before?.tmdbId, tmdbIdFrom(cells[tmdb] ?? "")),
            imdbId: joined(before?.imdbId, imdbIdFrom(detachedText(cells[imdb] ?? "")))
          })
          if (told.size > mostFilms) return yield* wrong(`it has more than ${mostFilms} films`, line)
        }
      })
    ).pipe(
      Effect.mapError(
        ({ detail, line }) =>
          new ImportError({
            reason: "InvalidOption",
            place,
            ...(line === undefined ? {} : { line }),
            detail,
            advice: "The table needs the columns slug, and tmdb_id or imdb_id."
          })
      )
    )
    return new Map(
      Array.from(told, ([slug, numbers]) => {
        const [tmdbId, imdbId] = [certain(numbers.tmdbId), certain(numbers.imdbId)]
        return [slug, { ...(tmdbId === undefined ? {} : { tmdbId }), ...(imdbId === undefined ? {} : { imdbId }) }]
      })
    )
  })
