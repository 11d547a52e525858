/**
 * What a report says about the shape of a dataset: its long tails, how sparse it is, and its cores.
 *
 * @since 0.1.0
 */
import { leftChart, rankChart } from "../charts/Charts.ts"
import type { DatasetNumbers } from "../numbers/DatasetNumbers.ts"
import type { LongTail } from "../numbers/LongTail.ts"
import { figure } from "./Figure.ts"
import { type Html, html } from "./Html.ts"
import { count, counted, percent } from "./Words.ts"

const partWords: ReadonlyMap<number, string> = new Map([
  [0, "fewest"],
  [0.5, "median"],
  [1, "most"]
])

const tailFigure = (
  { quantiles, ranks, topShares, with: n, without }: LongTail,
  kind: "member" | "film",
  many: string
): Html => {
  const top = topShares.find(({ part }) => part === 0.1)?.share ?? NaN
  const title = `The tenth of ${many} with the most ratings ${kind === "film" ? "gets" : "gives"} ${percent(top)} of them`
  return figure({
    title,
    explanation: `${count(n)} ${n === 1 ? kind : many} in the order of their ratings, the one with the most first. Both axes are logarithmic.${
      without === 0 ? "" : ` Without ${counted(without, kind, many)} that ${without === 1 ? "has" : "have"} no ratings.`
    }`,
    picture: rankChart(title, ranks, `place of the ${kind}`),
    columns: [{ name: many }, { name: "ratings", isNumber: true }],
    rows: [
      ...quantiles.map(({ part, ratings }) => [
        partWords.get(part) ?? `${Math.round(part * 100)} % have at most`,
        count(ratings)
      ]),
      ...topShares.map(({ part, share }) => [`share of the first ${Math.round(part * 100)} %`, percent(share)]),
      ...ranks
        .filter((_, i) => i % 12 === 0 || i === ranks.length - 1)
        .map(({ rank, ratings }) => [`place ${count(rank)}`, count(ratings)])
    ]
  })
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const tailFigures = ({ perFilm, perMember }: DatasetNumbers): Html =>
  html`<div class="pair">${tailFigure(perMember, "member", "members")}${tailFigure(perFilm, "film", "films")}</div>`

/**
 * What k-cores leave of the dataset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const coresFigure = ({ active, cores, density, rated, ratings }: DatasetNumbers): Html => {
  const ten = cores.find(({ k }) => k === 10)
  const last = cores.at(-1)
  const title =
    ten === undefined
      ? `No part of the dataset has more than ${counted(last?.k ?? 0, "rating")} of each member and film`
      : `With at least 10 ratings of each member and film, ${percent(ten.ratings / ratings)} of the ratings are left`
  return figure({
    title,
    explanation: `The k-core is what is left when members and films with fewer than k ratings are taken away until there are none. Whole line: ratings; dashed: members; dotted: films. Of all pairs of a member and a film with ratings, ${percent(density)} are rated, so the dataset is ${percent(1 - density)} empty.`,
    picture: leftChart(
      title,
      cores.flatMap((core) =>
        (
          [
            ["ratings", core.ratings, ratings],
            ["members", core.members, active],
            ["films", core.films, rated]
          ] as const
        ).map(([kind, left, all]) => ({
          k: core.k,
          kind,
          share: left / all,
          note: `k = ${core.k}: ${count(left)} ${kind}, ${percent(left / all)}`
        }))
      )
    ),
    columns: ["k", "members", "films", "ratings", "share of ratings", "pairs rated"].map((name) => ({
      name,
      isNumber: true
    })),
    rows: cores.map((core) => [
      count(core.k),
      count(core.members),
      count(core.films),
      count(core.ratings),
      percent(core.ratings / ratings),
      percent(core.density)
    ])
  })
}
