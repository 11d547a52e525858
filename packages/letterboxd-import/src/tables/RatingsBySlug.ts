/**
 * Ratings that name members by their names and films by their slugs, beside a table of films.
 */
import type { ImportError, Slug } from "@letterboxd-ratings/core"
import { type DateTime, Effect } from "effect"
import type { NamedFile } from "../reading/NamedFiles.ts"
import { type FilmFacts, type FilmNumbers, slugFrom } from "./FilmTables.ts"
import { memberFrom, type RatingsInput } from "./RatingsInput.ts"
import { type KindInput, LeftOut, numberNotes, readSmallTable } from "./TableFiles.ts"

/**
 * How such a dataset is written. Its table of films has slugs in a column with the same name as its ratings. `factsIn` reads
 * what else a row of that table tells.
 */
interface BySlug extends Pick<RatingsInput, "columns" | "scale"> {
  readonly factsIn: (cell: (column: string) => string) => FilmFacts
}

interface Found {
  readonly files: { readonly films?: NamedFile }
  readonly modifiedAt: DateTime.Utc
}

/** The input of such a dataset; without the table of films, numbers come from elsewhere only. */
export const ratingsBySlug =
  ({ columns, factsIn, scale }: BySlug) =>
  ({ files, modifiedAt }: Found, numbers: FilmNumbers): Effect.Effect<KindInput, ImportError> =>
    Effect.gen(function* () {
      const own = new Map<Slug, FilmFacts>()
      const leftOut = new LeftOut()
      if (files.films !== undefined) {
        yield* readSmallTable(files.films, [columns.film], leftOut, "it is cut or names no film", (cell) => {
          const slug = slugFrom(cell(columns.film))
          if (slug === undefined) return false
          own.set(slug, { ...factsIn(cell), slug })
          return true
        })
      }
      return {
        columns,
        scale,
        memberOf: memberFrom,
        filmOf: (text) => {
          const slug = slugFrom(text)
          return slug === undefined ? undefined : numbers.filmOf(slug, own.get(slug))
        },
        readAt: () => modifiedAt,
        notDecoded: leftOut.rows,
        notes: () => [...leftOut.notes, ...numberNotes(numbers)]
      }
    })
