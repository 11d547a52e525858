/**
 * Charts as SVG, drawn when the page is made.
 *
 * @since 0.1.0
 */
import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"
import { Html } from "../page/Html.ts"

/**
 * The space that a chart has. A narrow one is for phones.
 *
 * @since 0.1.0
 * @category models
 */
export interface Size {
  readonly width: number
  readonly height: number
  readonly isNarrow: boolean
}

/**
 * How wide a chart stands on a wide screen.
 *
 * @since 0.1.0
 * @category models
 */
export type Shape = "full" | "half"

const wide: Readonly<Record<Shape, Size>> = {
  full: { width: 960, height: 340, isNarrow: false },
  half: { width: 444, height: 290, isNarrow: false }
}
const narrow: Size = { width: 360, height: 280, isNarrow: true }

/** A document that only makes elements. Nothing is ever put into it. */
let made: Document | undefined
const elements = (): Document => (made ??= parseHTML("<!doctype html><html><body></body></html>").document)

/** Colours are variables of the page, so that one drawing is right in the light and in the dark. */
const svgOf = (options: Plot.PlotOptions, marks: Readonly<Record<string, string>>): Html => {
  const svg = Plot.plot({ ...options, document: elements() })
  // The page has the styles, and its policy allows no others.
  for (const style of svg.querySelectorAll("style")) style.remove()
  // The picture has one name. What its parts are called is no role of theirs.
  for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label")
  for (const name of ["width", "height", "fill"]) svg.removeAttribute(name)
  for (const [name, value] of Object.entries(marks)) svg.setAttribute(name, value)
  return new Html(svg.outerHTML)
}

/**
 * Draws a chart twice, for wide and for narrow screens, of which the page shows one. `title` is what those hear who do not
 * see it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const chart = (title: string, shape: Shape, options: (size: Size) => Plot.PlotOptions): Html => {
  const drawn = (size: Size, name: string): string =>
    svgOf(
      { width: size.width, height: size.height, marginTop: 34, marginLeft: 56, ...options(size) },
      { class: `chart ${name}`, role: "img", "aria-label": title, "font-size": "12" }
    ).markup
  return new Html(drawn(wide[shape], "wide") + drawn(narrow, "narrow"))
}

/**
 * A small picture of counts by half stars, for a row of a table, that says nothing new.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sparkline = (counts: ReadonlyArray<number>): Html =>
  svgOf(
    {
      width: 80,
      height: 22,
      margin: 0,
      axis: null,
      x: { type: "band", domain: counts.slice(1).map((_, i) => i), padding: 0.15 },
      y: { domain: [0, Math.max(1, ...counts)] },
      marks: [Plot.barY(counts.slice(1), { x: (_, i: number) => i, y: (n: number) => n, fill: "var(--accent)" })]
    },
    { class: "spark", "aria-hidden": "true" }
  )
