/**
 * The kinds of charts in a report.
 *
 * @since 0.1.0
 */
import * as Plot from "@observablehq/plot"
import type { Html } from "../page/Html.ts"
import { count, percent } from "../page/Words.ts"
import { chart, type Shape } from "./Chart.ts"

const accent = "var(--accent)"
const soft = "var(--soft)"
const grid = { stroke: "var(--line)", strokeOpacity: 1 }

/** Short numbers for an axis: 1,500 as 1.5k. */
const short = (n: number): string =>
  n >= 1e6 ? `${Number((n / 1e6).toPrecision(3))}M` : n >= 1e3 ? `${Number((n / 1e3).toPrecision(3))}k` : String(n)

/** Logarithmic axes tell powers of ten. */
const powers = (most: number): Array<number> => {
  const all: Array<number> = []
  for (let n = 1; n <= most * 1.001 || all.length < 2; n *= 10) all.push(n)
  return all
}

/**
 * One bar, of a height; `note` is what a pointer on it shows.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly note: string
}

/**
 * Bars, with their names below. `asShares` writes the share of the sum above each; the names of a narrow chart are every
 * `everyOnNarrow`th.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bars = (
  title: string,
  shape: Shape,
  data: ReadonlyArray<Bar>,
  {
    asShares = false,
    every = 1,
    everyOnNarrow = every,
    x,
    y
  }: {
    readonly x: string
    readonly y: string
    readonly asShares?: boolean
    readonly every?: number
    readonly everyOnNarrow?: number
  }
): Html => {
  const sum = data.reduce((all, { value }) => all + value, 0)
  return chart(title, shape, ({ isNarrow }) => ({
    marginBottom: 44,
    x: {
      type: "band",
      domain: data.map(({ name }) => name),
      label: x,
      labelAnchor: "center",
      labelArrow: "none",
      // A few bars stay bars.
      padding: data.length < 6 ? 1 - data.length * 0.12 : 0.18,
      tickSize: 0,
      ticks: data.filter((_, i) => i % (isNarrow ? everyOnNarrow : every) === 0).map(({ name }) => name)
    },
    y: { label: y, labelArrow: "none", tickSize: 0, tickFormat: short, ticks: 5, nice: true },
    marks: [
      Plot.gridY({ ...grid, ticks: 5 }),
      Plot.barY(data, { x: "name", y: "value", title: "note", fill: accent, rx: 2 }),
      ...(asShares && sum > 0
        ? [
            Plot.text(
              data.filter(({ value }) => value > 0),
              {
                x: "name",
                y: "value",
                text: ({ value }: Bar) =>
                  isNarrow || shape === "half" ? `${Math.round((value / sum) * 100)}%` : percent(value / sum),
                fontSize: isNarrow ? 10 : 12,
                dy: -8,
                fill: "var(--muted)"
              }
            )
          ]
        : []),
      Plot.ruleY([0], { stroke: "var(--muted)" })
    ]
  }))
}

/**
 * Places by the number of ratings, with logarithmic axes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rankChart = (
  title: string,
  ranks: ReadonlyArray<{ readonly rank: number; readonly ratings: number }>,
  x: string
): Html => {
  const mostRank = ranks.at(-1)?.rank ?? 1
  const mostRatings = ranks[0]?.ratings ?? 1
  return chart(title, "half", () => ({
    marginBottom: 44,
    marginRight: 24,
    x: {
      type: "log",
      domain: [1, Math.max(10, mostRank)],
      ticks: powers(mostRank),
      tickFormat: short,
      tickSize: 0,
      label: x,
      labelAnchor: "center",
      labelArrow: "none"
    },
    y: {
      type: "log",
      domain: [1, Math.max(10, mostRatings)],
      ticks: powers(mostRatings),
      tickFormat: short,
      tickSize: 0,
      label: "ratings",
      labelArrow: "none"
    },
    marks: [
      Plot.gridY(powers(mostRatings), grid),
      Plot.gridX(powers(mostRank), grid),
      Plot.areaY(ranks, { x: "rank", y1: 1, y2: "ratings", fill: soft }),
      Plot.line(ranks, { x: "rank", y: "ratings", stroke: accent, strokeWidth: 2.5 }),
      Plot.dot(ranks, {
        x: "rank",
        y: "ratings",
        r: 3,
        fill: accent,
        fillOpacity: 0,
        title: ({ rank, ratings }: { rank: number; ratings: number }) =>
          `place ${count(rank)}: ${count(ratings)} ratings`
      })
    ]
  }))
}

/**
 * A value at a time, in milliseconds since 1970.
 *
 * @since 0.1.0
 * @category models
 */
export interface Point {
  readonly at: number
  readonly value: number
  readonly note: string
}

/**
 * What grew in time: a line of steps over an area.
 *
 * @since 0.1.0
 * @category constructors
 */
export const growthChart = (title: string, points: ReadonlyArray<Point>, y: string): Html => {
  const data = points.map(({ at, note, value }) => ({ at: new Date(at), note, value }))
  return chart(title, "half", ({ isNarrow }) => ({
    marginBottom: 36,
    marginRight: 24,
    x: { type: "utc", label: null, tickSize: 0, ticks: isNarrow ? 3 : 5 },
    y: { label: y, labelArrow: "none", tickSize: 0, tickFormat: short, ticks: 5, zero: true, nice: true },
    marks: [
      Plot.gridY({ ...grid, ticks: 5 }),
      Plot.areaY(data, { x: "at", y: "value", fill: soft, curve: "step-after" }),
      Plot.line(data, { x: "at", y: "value", stroke: accent, strokeWidth: 2.5, curve: "step-after" }),
      Plot.dot(data, { x: "at", y: "value", r: points.length > 30 ? 2 : 3.5, fill: accent, title: "note" }),
      Plot.ruleY([0], { stroke: "var(--muted)" })
    ]
  }))
}

/**
 * A share that is left at some k, of a kind (members, films, ratings).
 *
 * @since 0.1.0
 * @category models
 */
export interface Left {
  readonly k: number
  readonly kind: string
  readonly share: number
  readonly note: string
}

const dashes = ["", "6 4", "2 3"]

/**
 * What is left of several kinds as k grows: a line for each, whole, dashed and dotted in this order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const leftChart = (title: string, left: ReadonlyArray<Left>): Html => {
  const kinds = [...new Set(left.map(({ kind }) => kind))]
  const most = left.reduce((a, { k }) => Math.max(a, k), 1)
  return chart(title, "full", ({ isNarrow }) => ({
    marginBottom: 44,
    marginRight: isNarrow ? 20 : 32,
    x: {
      type: "log",
      domain: [1, Math.max(10, most)],
      ticks: powers(most),
      tickFormat: short,
      tickSize: 0,
      label: "k: the fewest ratings of each member and film that is left",
      labelAnchor: "center",
      labelArrow: "none",
      ...(isNarrow ? { label: "k" } : {})
    },
    y: { domain: [0, 1], label: "left", labelArrow: "none", tickSize: 0, tickFormat: "%", ticks: 5 },
    marks: [
      Plot.gridY({ ...grid, ticks: 5 }),
      ...kinds.flatMap((kind, i) => {
        const own = left.filter((one) => one.kind === kind)
        return [
          Plot.line(own, {
            x: "k",
            y: "share",
            stroke: accent,
            strokeWidth: 2.5,
            strokeDasharray: dashes[i % dashes.length] ?? ""
          }),
          Plot.dot(own, { x: "k", y: "share", r: 3, fill: accent, title: "note" })
        ]
      }),
      Plot.ruleY([0], { stroke: "var(--muted)" })
    ]
  }))
}

/**
 * Means with a dot each, on the scale of stars.
 *
 * @since 0.1.0
 * @category constructors
 */
export const meansChart = (
  title: string,
  data: ReadonlyArray<Bar>,
  { everyOnNarrow, mean, x }: { readonly x: string; readonly mean: number; readonly everyOnNarrow: number }
): Html =>
  chart(title, "half", ({ isNarrow }) => ({
    marginBottom: 44,
    x: {
      type: "band",
      domain: data.map(({ name }) => name),
      label: x,
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0,
      ticks: data
        .filter((_, i) => i % (isNarrow ? everyOnNarrow : Math.ceil(data.length / 8)) === 0)
        .map(({ name }) => name)
    },
    y: {
      domain: [0.5, 5],
      ticks: [1, 2, 3, 4, 5],
      tickFormat: "d",
      tickSize: 0,
      label: "mean, stars",
      labelArrow: "none"
    },
    marks: [
      Plot.gridY([1, 2, 3, 4, 5], grid),
      Plot.ruleY([mean], { stroke: "var(--muted)", strokeDasharray: "4 4" }),
      Plot.ruleX(data, { x: "name", y1: mean, y2: "value", stroke: accent, strokeWidth: 2 }),
      Plot.dot(data, { x: "name", y: "value", r: 5, fill: accent, title: "note" })
    ]
  }))
