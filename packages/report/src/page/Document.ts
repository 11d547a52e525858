/**
 * A page that needs nothing but itself.
 *
 * @since 0.1.0
 */
import { sha256 } from "@noble/hashes/sha2"
import { Encoding } from "effect"
import { Html, html, type Part } from "./Html.ts"
import { style } from "./Style.ts"

/**
 * How every report begins, and nothing else does: tells a report from a file that is somebody's own.
 *
 * @since 0.1.0
 * @category models
 */
export const reportMark =
  '<!doctype html>\n<html lang="en">\n<head>\n<meta name="generator" content="letterboxd-ratings report">\n'

/** The only style that the page may use. Scripts, and whatever would be loaded, are refused by the browser. */
const policy = `default-src 'none'; style-src 'sha256-${Encoding.encodeBase64(sha256(new TextEncoder().encode(style)))}'; base-uri 'none'; form-action 'none'`

/**
 * A number at the top of the page, and what it is.
 *
 * @since 0.1.0
 * @category models
 */
export type HeadNumber = readonly [value: string, name: string]

/**
 * A part of the page with a heading, that the list of contents leads to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Section {
  readonly id: string
  readonly title: string
  readonly intro: Part
  readonly content: Part
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const pageOf = ({
  eyebrow,
  footer,
  lead,
  numbers,
  sections,
  title
}: {
  readonly eyebrow: string
  readonly title: string
  readonly lead: string
  readonly numbers: ReadonlyArray<HeadNumber>
  readonly sections: ReadonlyArray<Section>
  readonly footer: Part
}): string =>
  html`${new Html(reportMark)}<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(style)}</style>
      </head>
      <body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<p class="eyebrow">${eyebrow}</p>
<h1>${title}</h1>
<p class="lead">${lead}</p>
<dl class="numbers">${numbers.map(
    ([value, name]) =>
      html`<div>
        <dt>${name}</dt>
        <dd class="number">${value}</dd>
      </div>`
  )}</dl>
</header>
<nav aria-label="Contents"><ul>${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
<main id="content">
${sections.map(
  ({ content, id, intro, title: name }) =>
    html`<section id="${id}" aria-labelledby="${id}-title">
      <h2 id="${id}-title">${name}</h2>
      <p class="intro">${intro}</p>
      ${content}
    </section> `
)}</main>
<footer>${footer}</footer>
</body>
</html>
`.markup
