/**
 * Pictures that reports on datasets and on members have in common.
 *
 * @since 0.1.0
 */
import { bars, meansChart } from "../charts/Charts.ts"
import type { Decade } from "../numbers/FilmNumbers.ts"
import { meanOf, numberOf, type StarCounts } from "../numbers/Stars.ts"
import { figure } from "./Figure.ts"
import { type Html, html, type Part } from "./Html.ts"
import { count, counted, halfStars, percent, stars } from "./Words.ts"

/**
 * Ratings by stars: of a member, of some, or, where it is not told whose they are, of all.
 *
 * @since 0.1.0
 * @category constructors
 */
export const starsFigure = (
  counts: StarCounts,
  shape: "full" | "half",
  explanation: Part,
  whose: string | undefined
): Html => {
  const n = numberOf(counts)
  const most = counts.indexOf(Math.max(...counts))
  const share = percent((counts[most] ?? 0) / n)
  const title =
    whose === undefined
      ? `${halfStars(most)} stars is the most frequent rating: ${share} of all`
      : `${halfStars(most)} stars is the most frequent rating of ${whose}: ${share}`
  const rows = counts.slice(1).map((count, i) => ({ half: i + 1, count }))
  return figure({
    title,
    explanation,
    picture: bars(
      title,
      shape,
      rows.map(({ count: value, half }) => ({
        name: halfStars(half),
        value,
        note: `${halfStars(half)} stars: ${counted(value, "rating")}, ${percent(value / n)}`
      })),
      { x: "stars", y: "ratings", asShares: true }
    ),
    columns: [
      { name: "stars", isNumber: true },
      { name: "ratings", isNumber: true },
      { name: "share", isNumber: true }
    ],
    rows: rows.map(({ count: value, half }) => [halfStars(half), count(value), percent(value / n)])
  })
}

/** A decade that a title names has at least this share of the ratings. */
const leastShare = 0.02

/**
 * Ratings by the decade the films came out, and their means.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decadeFigures = (
  { decades, withoutYear }: { readonly decades: ReadonlyArray<Decade>; readonly withoutYear: number },
  mean: number
): Part => {
  if (decades.length === 0) return []
  const all = decades.reduce((sum, { counts }) => sum + numberOf(counts), 0)
  const most = decades.reduce((a, b) => (numberOf(b.counts) > numberOf(a.counts) ? b : a))
  const large = decades.filter(({ counts }) => numberOf(counts) >= all * leastShare)
  const best = large.reduce((a, b) => (meanOf(b.counts) > meanOf(a.counts) ? b : a), most)
  const columns = [
    { name: "decade" },
    { name: "ratings", isNumber: true },
    { name: "share", isNumber: true },
    { name: "films", isNumber: true },
    { name: "mean, stars", isNumber: true }
  ]
  const rows = decades.map(({ counts, decade, films }) => [
    `${decade}s`,
    count(numberOf(counts)),
    percent(numberOf(counts) / all),
    count(films),
    stars(meanOf(counts))
  ])
  const note = ({ counts, decade, films }: Decade) =>
    `${decade}s: ${counted(numberOf(counts), "rating")} of ${counted(films, "film")}, mean ${stars(meanOf(counts))}`
  const name = ({ decade }: Decade) => `${decade}s`
  const everyOnNarrow = Math.ceil(decades.length / 5)
  const mostTitle = `${percent(numberOf(most.counts) / all)} of the ratings are of films of the ${most.decade}s`
  const bestTitle =
    decades.length === 1
      ? `Films of the ${best.decade}s have a mean of ${stars(meanOf(best.counts))} stars`
      : `Films of the ${best.decade}s have the highest mean: ${stars(meanOf(best.counts))} stars`
  const without =
    withoutYear === 0 ? "" : ` Without ${counted(withoutYear, "rating")} of films whose year is not known.`
  return html`<div class="pair">
    ${figure({
      title: mostTitle,
      explanation: `Ratings by the decade in which the film came out.${without}`,
      picture: bars(
        mostTitle,
        "half",
        decades.map((decade) => ({ name: name(decade), value: numberOf(decade.counts), note: note(decade) })),
        { x: "decade", y: "ratings", every: Math.ceil(decades.length / 8), everyOnNarrow }
      ),
      columns,
      rows
    })}${figure({
      title: bestTitle,
      explanation: `The mean of the ratings of each decade. The dashed line is the mean of all, ${stars(mean)}. The title is of decades with at least ${leastShare * 100} % of the ratings: fewer say little.`,
      picture: meansChart(
        bestTitle,
        decades.map((decade) => ({ name: name(decade), value: meanOf(decade.counts), note: note(decade) })),
        { x: "decade", mean, everyOnNarrow }
      ),
      columns,
      rows
    })}
  </div>`
}

/**
 * Counts of values in spans of equal width, for a picture of how they are spread.
 *
 * @since 0.1.0
 * @category constructors
 */
export const spread = (
  values: Iterable<number>,
  { from, step, to }: { readonly from: number; readonly to: number; readonly step: number }
): ReadonlyArray<{ readonly from: number; readonly to: number; readonly count: number }> => {
  const counts = Array.from({ length: Math.round((to - from) / step) }, () => 0)
  for (const value of values) {
    const place = Math.max(0, Math.min(counts.length - 1, Math.floor((value - from) / step + 1e-9)))
    counts[place] = (counts[place] ?? 0) + 1
  }
  return counts.map((count, i) => ({ from: from + i * step, to: from + (i + 1) * step, count }))
}
