/**
 * How a report looks: in the light and in the dark, on wide and narrow screens, and on paper.
 *
 * @since 0.1.0
 */

const dark = `
  --paper: #14171a; --card: #1b1f23; --ink: #ebe8e1; --muted: #a5a9ad; --line: #2f353b; --accent: #4fc3b0; --soft: #1f3b3a;
  color-scheme: dark;
`

/**
 * The style of reports, as CSS, for pages that should look like them.
 *
 * @since 0.1.0
 * @category models
 */
export const style = `
:root {
  --paper: #fbfaf6; --card: #ffffff; --ink: #1c2024; --muted: #5c6268; --line: #e3e0d8; --accent: #0b6e63; --soft: #d5e9e4;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", "URW Palladio L", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  color-scheme: light;
}
@media screen and (prefers-color-scheme: dark) { :root {${dark}} }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 var(--sans); overflow-wrap: break-word; }
.skip { position: absolute; left: -100vw; top: 0; background: var(--ink); color: var(--paper); padding: .5rem 1rem; z-index: 1; }
.skip:focus { left: 0; }
header, nav, main, footer { max-width: 66rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 4.5rem; }
h1, h2, h3, .number { font-family: var(--serif); font-weight: 600; text-wrap: balance; }
h1 { font-size: clamp(2rem, 1.2rem + 3.6vw, 3.5rem); line-height: 1.08; letter-spacing: -.015em; margin: .25rem 0 1rem; }
h2 { font-size: clamp(1.6rem, 1.3rem + 1.2vw, 2.1rem); line-height: 1.2; margin: 0 0 .5rem; }
h3 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .35rem; }
p { margin: 0 0 1rem; max-width: 44rem; }
.eyebrow { color: var(--accent); font-weight: 600; letter-spacing: .08em; text-transform: uppercase; font-size: .8rem; margin: 0; }
.lead { font-size: 1.15rem; color: var(--muted); max-width: 40rem; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1.5rem; margin: 2.5rem 0 0; padding: 1.75rem 0; border-top: 2px solid var(--ink); }
.numbers div { display: flex; flex-direction: column-reverse; }
.numbers dt { color: var(--muted); font-size: .9rem; }
.numbers dd { margin: 0; }
.number { font-size: 2.1rem; line-height: 1.15; font-variant-numeric: lining-nums; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin: 0; padding: .25rem 0; border: solid var(--line); border-width: 1px 0; }
nav a { display: inline-block; padding: .6rem 0; color: var(--ink); text-decoration: none; font-size: .95rem; }
nav a:hover { text-decoration: underline; text-decoration-color: var(--accent); text-decoration-thickness: 2px; text-underline-offset: .3em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
section { margin: 5rem 0 0; scroll-margin-top: 1rem; }
section > .intro { color: var(--muted); margin-bottom: 2rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2rem; align-items: stretch; }
.uneven { align-items: start; }
figure { display: flex; flex-direction: column; }
figure > svg { margin-top: auto; }
.pair > * { min-width: 0; }
figure, .card { margin: 0 0 2rem; padding: 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
figcaption p, .card > p { color: var(--muted); font-size: .92rem; margin-bottom: .75rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; fill: currentColor; color: var(--muted); }
svg text { white-space: pre; font-family: var(--sans); }
svg.narrow { display: none; }
svg.spark { width: 5rem; min-width: 5rem; }
details { margin-top: 1rem; border-top: 1px solid var(--line); padding-top: .6rem; }
summary { cursor: pointer; color: var(--muted); font-size: .92rem; width: fit-content; padding: .15rem 0; }
summary:hover { color: var(--ink); }
.scroll { overflow-x: auto; margin-top: .5rem; }
details .scroll { max-height: 26rem; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums lining-nums; }
th, td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: middle; }
th:last-child, td:last-child { padding-right: 0; }
thead th, thead .n { white-space: normal; }
thead th { color: var(--muted); font-weight: 500; font-size: .85rem; vertical-align: bottom; }
tbody th { font-weight: 500; }
tbody tr:last-child > * { border-bottom: 0; }
.n { text-align: right; white-space: nowrap; }
.year { color: var(--muted); font-weight: 400; white-space: nowrap; }
h3 + .facts, h3 + .nothing { margin-top: .75rem; }
.facts { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .5rem 2rem; margin: 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; }
.notes { margin: 1rem 0 0; padding-left: 1.2rem; }
.notes li { margin-bottom: .4rem; max-width: 48rem; }
.nothing { color: var(--muted); margin: 0; }
footer { margin-top: 4rem; padding-bottom: 4rem; color: var(--muted); font-size: .9rem; }
footer p { max-width: none; padding-top: 1.5rem; border-top: 1px solid var(--line); }
@media (max-width: 40rem) {
  header, nav, main, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 2.5rem; }
  .numbers { grid-template-columns: 1fr 1fr; gap: 1.25rem; margin-top: 1.5rem; padding: 1.25rem 0; }
  .number { font-size: 1.7rem; }
  section { margin-top: 3.5rem; }
  figure, .card { padding: 1rem; margin-bottom: 1.25rem; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .75rem; }
  .spare { display: none; }
}
@media screen and (max-width: 40rem) { svg.wide { display: none; } svg.narrow { display: block; } }
@media print {
  :root { --paper: #ffffff; --card: #ffffff; --line: #cccccc; }
  body { font-size: 10pt; }
  nav, .skip, summary, details:not([open]) { display: none; }
  header, main, footer { max-width: none; padding: 0; }
  header { padding-top: 0; }
  section { margin-top: 2rem; }
  figure, .card, tr, h2, h3 { break-inside: avoid; }
  h2, h3, figcaption { break-after: avoid; }
  figure, .card { padding: .75rem 0; border-width: 1px 0 0; border-radius: 0; }
  .pair { grid-template-columns: 1fr 1fr; }
  .scroll, details .scroll { overflow: visible; max-height: none; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
