/**
 * The live page: one HTML text that loads nothing and sends nothing. Its script puts pictures, which arrive as events, into
 * the page, as texts only.
 *
 * @since 0.1.0
 */
import { reportStyle } from "@letterboxd-ratings/report"
import { createHash } from "node:crypto"

const style = `${reportStyle}
.head { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; margin: 0 0 .75rem; }
#now { margin: 0; max-width: none; flex: 1 1 16rem; font-weight: 600; }
#now::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-right: .6em; border-radius: 50%; background: var(--accent); }
[data-state=waiting] #now::before { background: #c27a00; }
[data-state=stopped] #now::before { background: #c2382c; border-radius: 0; }
[data-state=done] #now::before { background: var(--ink); }
h1, h2, .lead, #now, #far, li { overflow-wrap: anywhere; }
header { padding-top: 2.5rem; }
h1 { font-size: clamp(1.6rem, 1.2rem + 1.8vw, 2.4rem); margin-bottom: .5rem; }
main h2 { font-size: 1.2rem; }
button { font: inherit; font-size: .95rem; min-height: 2.75rem; padding: .4rem 1.1rem; color: var(--ink); background: var(--card); border: 1px solid var(--muted); border-radius: 6px; cursor: pointer; }
button[aria-pressed=true] { background: var(--ink); color: var(--paper); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
progress { display: block; width: 100%; height: .75rem; appearance: none; border: 0; border-radius: 6px; overflow: hidden; background: var(--soft); }
progress::-webkit-progress-bar { background: var(--soft); }
progress::-webkit-progress-value { background: var(--accent); }
progress::-moz-progress-bar { background: var(--accent); }
li progress { height: .4rem; margin-top: .25rem; }
.numbers div { justify-content: flex-end; }
.numbers { margin-top: 1.5rem; }
.numbers div, .numbers dd { min-width: 0; overflow-wrap: anywhere; }
.number { font-size: clamp(1.2rem, .7rem + 2.4vw, 2.1rem); font-variant-numeric: tabular-nums lining-nums; }
@media (max-width: 40rem) { .numbers { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
#far { margin: .5rem 0 0; color: var(--muted); font-variant-numeric: tabular-nums; max-width: none; }
main > section { margin-top: 1.5rem; }
#bars { display: flex; align-items: flex-end; gap: 2px; height: 6rem; border-bottom: 1px solid var(--line); }
#bars span { flex: 1; min-width: 0; min-height: 1px; background: var(--accent); }
#total { color: var(--muted); margin: .5rem 0 0; font-size: .92rem; }
#lists { margin-top: 2.5rem; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 2rem; }
#lists section { margin: 0; min-width: 0; }
#lists ul { list-style: none; margin: 0; padding: 0; font-variant-numeric: tabular-nums; font-size: .95rem; }
#lists li { padding: .4rem 0; border-bottom: 1px solid var(--line); }
#lists li span { color: var(--muted); margin-left: .75rem; }
#lists p { color: var(--muted); margin: .4rem 0 0; }
[hidden] { display: none !important; }
`

const script = `
"use strict"
const at = (id) => document.getElementById(id)
const put = (element, text) => { if (element.textContent !== text) element.textContent = text }
const make = (name, ...children) => { const made = document.createElement(name); made.append(...children); return made }
const fit = (parent, n, one) => {
  while (parent.childElementCount > n) parent.lastElementChild.remove()
  while (parent.childElementCount < n) parent.append(one())
  return Array.from(parent.children)
}
const measure = (bar, done, all, name) => {
  bar.hidden = all === 0
  bar.max = Math.max(1, all)
  bar.value = done
  bar.setAttribute("aria-label", name)
}
const list = (section, { more, none, rows, title }) => {
  const [heading, items, rest] = section.children
  put(heading, title)
  fit(items, rows.length, () => make("li", make("strong"), make("span"), make("progress"))).forEach((item, i) => {
    const [name, words, bar] = item.children
    put(name, rows[i].name)
    put(words, rows[i].words)
    measure(bar, rows[i].done, rows[i].all, rows[i].name)
  })
  items.hidden = rows.length === 0
  put(rest, rows.length === 0 ? none : more === 0 ? "" : "and " + more + " more")
}
const state = (name, sentence) => {
  document.body.dataset.state = name
  put(at("now"), sentence)
}
const show = (picture) => {
  const { bars, lead, lists, now, numbers, progress, title } = picture
  document.title = title + " - lb"
  put(at("title"), title)
  put(at("lead"), lead)
  state(picture.state, now)
  at("progress").hidden = progress === undefined
  if (progress !== undefined) {
    measure(at("progress").firstElementChild, progress.done, progress.all, "Members read")
    put(at("far"), progress.words)
  }
  fit(at("numbers"), numbers.length, () => {
    const value = make("dd")
    value.className = "number"
    return make("div", make("dt"), value)
  }).forEach((one, i) => {
    put(one.lastElementChild, numbers[i][0])
    put(one.firstElementChild, numbers[i][1])
  })
  at("chart").hidden = bars === undefined
  if (bars !== undefined) {
    const most = Math.max(1, ...bars.values)
    put(at("bars-title"), bars.title)
    put(at("total"), bars.words)
    fit(at("bars"), bars.values.length, () => make("span")).forEach((bar, i) => {
      bar.style.height = (100 * bars.values[i]) / most + "%"
    })
  }
  fit(at("lists"), lists.length, () => make("section", make("h2"), make("ul"), make("p"))).forEach((section, i) => list(section, lists[i]))
}
let latest
const button = at("pause")
const isPaused = () => button.getAttribute("aria-pressed") === "true"
const take = ({ data }) => {
  latest = JSON.parse(data)
  if (!isPaused()) show(latest)
}
button.addEventListener("click", () => {
  button.setAttribute("aria-pressed", String(!isPaused()))
  if (!isPaused() && latest !== undefined) show(latest)
})
const events = new EventSource("events")
events.addEventListener("picture", take)
events.addEventListener("over", (event) => {
  events.close()
  button.setAttribute("aria-pressed", "false")
  button.hidden = true
  take(event)
})
events.addEventListener("error", () => {
  events.close()
  button.hidden = true
  state("stopped", "There is no connection to lb any more: it has ended, or too many pages are open. Reload this page to try again.")
})
`

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

/**
 * All that the page may use: its own script and style, and the events of its own server.
 *
 * @since 0.1.0
 * @category models
 */
export const livePolicy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/**
 * @since 0.1.0
 * @category models
 */
export const livePage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>lb</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<p class="eyebrow">letterboxd-ratings, live</p>
<h1 id="title">Connecting</h1>
<p class="lead" id="lead"></p>
<div class="head">
<p id="now" role="status"><noscript>This page needs JavaScript.</noscript></p>
<button id="pause" type="button" aria-pressed="false">Pause this page</button>
</div>
<div id="progress" hidden><progress></progress><p id="far"></p></div>
</header>
<main id="content">
<dl class="numbers" id="numbers"></dl>
<section id="chart" hidden>
<h2 id="bars-title"></h2>
<div id="bars" aria-hidden="true"></div>
<p id="total"></p>
</section>
<div id="lists"></div>
</main>
<footer><p>This page only shows what lb does. To close it changes nothing.</p></footer>
<script>${script}</script>
</body>
</html>
`
