/**
 * What a report says about members: their generosity, and how much they agree.
 *
 * @since 0.1.0
 */
import { bars } from "../charts/Charts.ts"
import { type Agreement, correlationWeight, fewestInCommon } from "../numbers/Agreement.ts"
import { fewestCompared, fewestOthers, type Generosity } from "../numbers/Generosity.ts"
import { card, figure, nothing, table } from "./Figure.ts"
import { spread } from "./Figures.ts"
import { type Html, html, type Part } from "./Html.ts"
import { count, counted, percent, signed, stars } from "./Words.ts"

const middle = (sorted: ReadonlyArray<number>): number => sorted[(sorted.length - 1) >> 1] ?? NaN
const listed = 5

/**
 * Generosity: a picture of all, and the members at both ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const generosityFigures = (all: ReadonlyArray<Generosity>, nameOf: (member: number) => Part): Html => {
  const what = `A member’s generosity is by how many stars it rates its films above the mean of the other members who rated them, on average, over films that at least ${fewestOthers} others rated.`
  if (all.length === 0)
    return card("Generosity", what, nothing(`No member has ${fewestCompared} films that enough others rated too.`))
  const near = all.filter(({ stars: one }) => Math.abs(one) <= 0.25).length
  const title = `${percent(near / all.length)} of members are within a quarter of a star of the others`
  const spans = spread(
    all.map(({ stars: one }) => one),
    { from: -2, to: 2, step: 0.25 }
  )
  const nameOfSpan = ({ from, to }: (typeof spans)[number], i: number) =>
    i === 0
      ? `below ${signed(to)}`
      : i === spans.length - 1
        ? `${signed(from)} and more`
        : `${signed(from)} to ${signed(to)}`
  const columns = [
    { name: "member" },
    { name: "generosity", isNumber: true },
    { name: "films compared", isNumber: true },
    { name: "own mean", isNumber: true, isSpare: true }
  ]
  const rows = (some: ReadonlyArray<Generosity>) =>
    some.map(({ compared, mean, member, stars: one }) => [nameOf(member), signed(one), count(compared), stars(mean)])
  const ends = Math.min(listed, Math.floor(all.length / 2))
  return html`<div class="pair uneven">
    ${figure({
      title,
      explanation: `${what} ${counted(all.length, "member")} with at least ${fewestCompared} such films.`,
      picture: bars(
        title,
        "half",
        spans.map((span, i) => ({
          name: signed(span.from),
          value: span.count,
          note: `${nameOfSpan(span, i)} stars: ${counted(span.count, "member")}`
        })),
        { x: "generosity, stars (from)", y: "members", every: 4, everyOnNarrow: 4 }
      ),
      columns: [{ name: "stars" }, { name: "members", isNumber: true }, { name: "share", isNumber: true }],
      rows: spans.map((span, i) => [nameOfSpan(span, i), count(span.count), percent(span.count / all.length)])
    })}
    <div>
      ${
        ends === 0
          ? []
          : [
              card(
                "The most generous members",
                "",
                table("The most generous members", columns, rows(all.toReversed().slice(0, ends)))
              ),
              card("The strictest members", "", table("The strictest members", columns, rows(all.slice(0, ends))))
            ]
      }
    </div>
  </div>`
}

/**
 * Agreement: on the same film, and over the films that two members have in common.
 *
 * @since 0.1.0
 * @category constructors
 */
export const agreementFigures = ({ candidates, differences, pairs, sampled }: Agreement): Html => {
  const all = differences.reduce((sum, one) => sum + one.pairs, 0)
  const close = differences.slice(0, 2).reduce((sum, one) => sum + one.pairs, 0)
  const closeTitle = `Two members who rated the same film are at most half a star apart in ${percent(close / all)} of cases`
  const correlations = pairs.map(({ shrunk }) => shrunk)
  const sorted = correlations.toSorted((a, b) => a - b)
  const correlationTitle = `Half of the pairs of members have a correlation above ${signed(middle(sorted))}`
  const spans = spread(correlations, { from: -1, to: 1, step: 0.1 })
  const what = `Pearson’s correlation r of the ratings of the n films that two members both rated, shrunk to r · n / (n + ${correlationWeight}), for pairs with at least ${fewestInCommon} films in common.`
  return html`<div class="pair">
    ${
      all === 0
        ? card("Agreement on a film", "", nothing("No film was rated by two members."))
        : figure({
            title: closeTitle,
            explanation: `By how many stars two ratings of the same film differ, over all ${count(all)} pairs of ratings of the same film.`,
            picture: bars(
              closeTitle,
              "half",
              differences.map((one) => ({
                name: one.stars.toFixed(1),
                value: one.pairs,
                note: `${one.stars.toFixed(1)} stars apart: ${counted(one.pairs, "pair")}, ${percent(one.pairs / all)}`
              })),
              { x: "difference, stars", y: "pairs of ratings" }
            ),
            columns: [
              { name: "difference, stars", isNumber: true },
              { name: "pairs of ratings", isNumber: true },
              { name: "share", isNumber: true }
            ],
            rows: differences.map((one) => [one.stars.toFixed(1), count(one.pairs), percent(one.pairs / all)])
          })
    }${
      pairs.length === 0
        ? card("Agreement over all films", what, nothing("No two members have enough films in common."))
        : figure({
            title: correlationTitle,
            explanation: `${what} ${counted(pairs.length, "pair")} of ${
              sampled === candidates
                ? counted(sampled, "member")
                : `${count(sampled)} members, chosen at equal distances out of ${count(candidates)}`
            }.`,
            picture: bars(
              correlationTitle,
              "half",
              spans.map(({ count: value, from, to }) => ({
                name: signed(from, 1),
                value,
                note: `${signed(from, 1)} to ${signed(to, 1)}: ${counted(value, "pair")}`
              })),
              { x: "shrunk correlation (from)", y: "pairs of members", every: 5, everyOnNarrow: 5 }
            ),
            columns: [
              { name: "shrunk correlation" },
              { name: "pairs", isNumber: true },
              { name: "share", isNumber: true }
            ],
            rows: spans.map(({ count: value, from, to }) => [
              `${signed(from, 1)} to ${signed(to, 1)}`,
              count(value),
              percent(value / pairs.length)
            ])
          })
    }
  </div>`
}
