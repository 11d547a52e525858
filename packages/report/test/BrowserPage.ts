/**
 * A page in a real browser. `CHROMIUM` is its program, if it is not where Debian puts it.
 */
import { assert } from "@effect/vitest"
import axe from "axe-core"
import { Effect } from "effect"
import * as fs from "node:fs"
import { type Browser, chromium, type Page } from "playwright-core"

const program = process.env["CHROMIUM"] ?? "/usr/bin/chromium"

/** Why no page can be looked at here, as part of a test's name; empty where one can. */
export const noBrowser = fs.existsSync(program) ? "" : ` (skipped: there is no ${program} here)`

/** A browser, until the scope ends. */
export const opened = Effect.acquireRelease(
  // Root, as in CI, has no sandbox for a browser. The page is one of ours.
  Effect.promise(() => chromium.launch({ executablePath: program, args: ["--no-sandbox"] })),
  (browser) => Effect.promise(() => browser.close())
)

/** Opens the first of some addresses, and notes what a page should not do: to ask for others is among it. */
export const lookAt = async (
  browser: Browser,
  [address, ...others]: readonly [string, ...ReadonlyArray<string>],
  look: (page: Page) => Promise<void>,
  more: NonNullable<Parameters<Browser["newContext"]>[0]>
): Promise<void> => {
  const context = await browser.newContext(more)
  const page = await context.newPage()
  const wrong: Array<string> = []
  page.on("console", (message) => wrong.push(`console: ${message.text()}`))
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`))
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on("request", (request) => {
    if (request.url() !== address && !others.includes(request.url())) wrong.push(`request: ${request.url()}`)
  })
  await page.goto(address)
  await look(page)
  assert.isUndefined(await page.evaluate("globalThis.ran"))
  assert.deepStrictEqual(wrong, [])
  await context.close()
}

/** What is not accessible on a page. */
export const violationsIn = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(axe.source)
  const found: unknown = await page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target).join(', ')))"
  )
  assert(Array.isArray(found))
  return found.map(String)
}
