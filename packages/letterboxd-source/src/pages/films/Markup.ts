/**
 * Which generation of the site's markup a page is of. Nothing is read by it: it is for people who look at a page.
 *
 * @since 0.1.0
 */

/** What tells generations apart, as it stands in a page. */
const marks = {
  "li.poster-container": /\bclass\s*=\s*["'][^"']{0,200}\bposter-container\b/gu,
  "li.griditem": /\bclass\s*=\s*["']?[^"'>]{0,200}\bgriditem\b/gu,
  "globals.comps.LazyPoster": /\bdata-component-class\s*=\s*["']?globals\.comps\.LazyPoster\b/gu,
  LazyPoster: /\bdata-component-class\s*=\s*["']?LazyPoster\b/gu,
  "data-film-id": /\bdata-film-id\s*=/gu,
  "data-film-slug": /\bdata-film-slug\s*=/gu,
  "data-item-slug": /\bdata-item-slug\s*=/gu,
  "data-item-uid": /\bdata-item-uid\s*=/gu,
  "data-postered-identifier": /\bdata-postered-identifier\s*=/gu,
  "data-poster-url": /\bdata-poster-url\s*=/gu,
  "span.rating": /\bclass\s*=\s*["']?rating\b/gu
} as const

type Mark = keyof typeof marks

/**
 * The generation of a films page, by the month in which pages like it were first seen, and how often each mark that tells
 * generations apart is on the page. `generation` is absent where the marks are those of none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Markup {
  readonly generation?: "2022" | "2025-07" | "2025-08" | "2025-11" | "2026-04" | "2026-09"
  readonly marks: Readonly<Record<Mark, number>>
}

const generationOf = (has: (mark: Mark) => boolean): Markup["generation"] => {
  if (has("li.griditem")) {
    if (has("globals.comps.LazyPoster")) return "2025-08"
    if (!has("LazyPoster")) return undefined
    return has("data-film-id") ? "2025-11" : has("data-poster-url") ? "2026-04" : "2026-09"
  }
  if (!has("li.poster-container") || !has("data-film-id")) return undefined
  return has("data-postered-identifier") ? "2025-07" : "2022"
}

/**
 * Looks for the marks of each generation. Costs a few passes over the text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const markupOf = (body: string): Markup => {
  const countOf = (mark: Mark): number => body.match(marks[mark])?.length ?? 0
  const counts = {
    "li.poster-container": countOf("li.poster-container"),
    "li.griditem": countOf("li.griditem"),
    "globals.comps.LazyPoster": countOf("globals.comps.LazyPoster"),
    LazyPoster: countOf("LazyPoster"),
    "data-film-id": countOf("data-film-id"),
    "data-film-slug": countOf("data-film-slug"),
    "data-item-slug": countOf("data-item-slug"),
    "data-item-uid": countOf("data-item-uid"),
    "data-postered-identifier": countOf("data-postered-identifier"),
    "data-poster-url": countOf("data-poster-url"),
    "span.rating": countOf("span.rating")
  }
  const generation = generationOf((mark) => counts[mark] > 0)
  return { ...(generation === undefined ? {} : { generation }), marks: counts }
}
