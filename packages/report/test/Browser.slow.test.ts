/**
 * Reports in a real browser.
 */
import { assert, describe, it } from "@effect/vitest"
import { reportOnDataset, reportOnMember } from "@letterboxd-ratings/report"
import { DateTime, Effect } from "effect"
import type { Page } from "playwright-core"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { lookAt, noBrowser, opened, violationsIn } from "./BrowserPage.ts"
import { hostileDataset } from "./HostileDataset.ts"
import { username } from "./ReportedDataset.ts"

const options = { tool: "letterboxd-ratings test", madeAt: DateTime.unsafeMake(Date.UTC(2026, 5, 1)) }
const screens = [
  { width: 1280, height: 900 },
  { width: 360, height: 740 }
]

describe.skipIf(noBrowser !== "")(`a report in a browser${noBrowser}`, () => {
  it.scopedLive("loads nothing, runs nothing, fits the screen, and is accessible, in the light and in the dark", () =>
    Effect.gen(function* () {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-report-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
      const storage = yield* hostileDataset
      const pages = {
        dataset: (yield* reportOnDataset(storage, options)).page,
        member: (yield* reportOnMember(storage, username("member_3"), options)).page
      }
      const browser = yield* opened
      for (const [name, page] of Object.entries(pages)) {
        const file = path.join(folder, `${name}.html`)
        fs.writeFileSync(file, page)
        for (const viewport of screens)
          for (const colorScheme of ["light", "dark"] as const) {
            // They are made of the same pieces, so that one look at the second is enough.
            if (name === "member" && (viewport.width > 400 || colorScheme === "dark")) continue
            const look = async (shown: Page) => {
              const what = `${name}, ${viewport.width}, ${colorScheme}`
              const width = await shown.evaluate("document.documentElement.scrollWidth")
              assert.isAtMost(Number(width), viewport.width, what)
              const drawn = await shown.locator("svg.chart:visible").count()
              assert.strictEqual(drawn, await shown.locator("figure").count(), what)
              await shown.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
              assert.deepStrictEqual(await violationsIn(shown), [], what)
              assert.isAtMost(
                Number(await shown.evaluate("document.documentElement.scrollWidth")),
                viewport.width,
                what
              )
            }
            yield* Effect.promise(() => lookAt(browser, [pathToFileURL(file).href], look, { viewport, colorScheme }))
          }
      }
    })
  )

  it.scopedLive("is used with the keyboard alone, and printed", () =>
    Effect.gen(function* () {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-report-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
      const file = path.join(folder, "report.html")
      fs.writeFileSync(file, (yield* reportOnDataset(yield* hostileDataset, options)).page)
      const browser = yield* opened
      const look = async (page: Page) => {
        const focused = () => page.evaluate("document.activeElement.textContent")
        await page.keyboard.press("Tab")
        assert.strictEqual(await focused(), "Skip to the content")
        assert.isTrue(await page.locator(".skip").isVisible())
        await page.keyboard.press("Enter")
        assert.match(page.url(), /#content$/u)
        await page.keyboard.press("Tab")
        assert.strictEqual(await focused(), "The numbers behind this picture")
        await page.keyboard.press("Enter")
        assert.isTrue(await page.locator("details table").first().isVisible())
        await page.emulateMedia({ media: "print" })
        assert.isFalse(await page.locator("nav").isVisible())
        assert.isTrue(await page.locator("svg.wide").first().isVisible())
      }
      yield* Effect.promise(() =>
        lookAt(browser, [pathToFileURL(file).href], look, { viewport: { width: 1280, height: 900 } })
      )
    })
  )
})
