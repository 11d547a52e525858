/**
 * The live page in a real browser.
 */
import { assert, describe, it } from "@effect/vitest"
import { MemberRead, PageRead, RunStarted, UsernameFromText } from "@letterboxd-ratings/core"
import { Effect, Exit, Schema, Scope } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type { Page } from "playwright-core"
import { lookAt, noBrowser, opened, violationsIn } from "../../report/test/BrowserPage.ts"
import { brief, type LivePicture } from "../src/live/LivePicture.ts"
import { pictureOfRun, runAfter, runAtStart } from "../src/live/LiveRun.ts"
import * as LiveServer from "../src/live/LiveServer.ts"
import { addressOf, start } from "./Lb.ts"

const username = Schema.decodeSync(UsernameFromText)
const hostile =
  "</script><script>globalThis.ran=1</script><img src=x onerror=globalThis.ran=1>'\"&amp;{{x}}${globalThis.ran=1}\u2028\u202Eevil\u0000"
const broad = "W".repeat(5000)

/** A run whose source, storage and pages have the worst names, and whose numbers are large. */
const hostilePicture = (pages: number): LivePicture => {
  const now = Date.UTC(2026, 5, 1)
  const started = RunStarted.make({
    mode: "new",
    source: hostile,
    storage: hostile,
    place: `${hostile}${broad}`,
    users: 1_000_000,
    ratings: 999_999_999,
    membersToAdd: 1_000_000,
    membersToComplete: 1_000_000,
    notes: [hostile]
  })
  const read = MemberRead.make({
    username: username("a".repeat(15)),
    state: "partial",
    pages: 1000,
    films: 72_000,
    ratings: 72_000,
    missing: Array.from({ length: 40 }, (_, page) => page + 1),
    doubts: ["list-moved", "unreadable-tiles"]
  })
  const all = [
    started,
    read,
    ...Array.from({ length: pages }, (_, i) =>
      PageRead.make({
        username: username(`member_${i % 50}`),
        page: i,
        ...(i % 2 === 0 ? { lastPage: 1 + (i % 9) } : {}),
        verdict: i % 3 === 0 ? broad : hostile,
        ratings: 72
      })
    )
  ]
  const run = all.reduce((before, event) => runAfter(before, event, now), runAtStart(10, now - 10_000))
  const activity = {
    requests: 999_999_999,
    retries: 999_999,
    pausedMillis: 9e9,
    requestsPerSecond: 2,
    unreadListings: 0
  }
  return { ...pictureOfRun(run, activity, now), now: brief(`${hostile}${broad}`), state: "waiting" }
}

/** The page asks for itself and its events, and for nothing else. */
const addressesOf = (address: string): readonly [string, string] => [address, `${address}events`]

const titled = (title: string): LivePicture => ({ ...hostilePicture(3), title })

describe.skipIf(noBrowser !== "")(`the live page in a browser${noBrowser}`, () => {
  it.scopedLive(
    "loads and runs nothing but its own, fits the screen, and is accessible, in the light and in the dark",
    () =>
      Effect.gen(function* () {
        const browser = yield* opened
        const server = yield* LiveServer.make({ port: 0, token: yield* LiveServer.newToken })
        const worst = hostilePicture(200)
        yield* server.show(worst)
        for (const viewport of [
          { width: 1280, height: 900 },
          { width: 360, height: 740 }
        ])
          for (const colorScheme of ["light", "dark"] as const) {
            const what = `${viewport.width}, ${colorScheme}`
            const look = async (page: Page) => {
              await page.getByText("Members under way").waitFor()
              assert.strictEqual(await page.locator("#title").textContent(), worst.title, what)
              assert.strictEqual(await page.locator("#now").textContent(), worst.now, what)
              assert.include(await page.locator("#lists").textContent(), brief(hostile), what)
              assert.strictEqual(await page.locator("#bars span").count(), 60, what)
              assert.isAtMost(Number(await page.evaluate("document.documentElement.scrollWidth")), viewport.width, what)
              assert.deepStrictEqual(await violationsIn(page), [], what)
            }
            yield* Effect.promise(() => lookAt(browser, addressesOf(server.address), look, { viewport, colorScheme }))
          }
      })
  )

  it.scopedLive("is used with the keyboard alone, and can be paused", () =>
    Effect.gen(function* () {
      const browser = yield* opened
      const server = yield* LiveServer.make({ port: 0, token: yield* LiveServer.newToken })
      const show = (title: string) => Effect.runPromise(server.show(titled(title)))
      yield* server.show(titled("one"))
      const look = async (page: Page) => {
        const title = (text: string) => page.getByRole("heading", { name: text, exact: true }).waitFor()
        const focused = () => page.evaluate("document.activeElement.textContent")
        await title("one")
        await page.keyboard.press("Tab")
        assert.strictEqual(await focused(), "Skip to the content")
        assert.isTrue(await page.locator(".skip").isVisible())
        await page.keyboard.press("Tab")
        assert.strictEqual(await focused(), "Pause this page")
        await page.keyboard.press("Space")
        assert.isTrue(await page.getByRole("button", { pressed: true }).isVisible())
        await show("two")
        // What arrives behind it on the same connection says that this one has arrived.
        await page.evaluate(
          "new Promise((resolve) => { const other = new EventSource('events'); other.addEventListener('picture', () => { other.close(); resolve() }) })"
        )
        assert.strictEqual(await page.locator("#title").textContent(), "one")
        await page.keyboard.press("Enter")
        await title("two")
        await show("three")
        await title("three")
      }
      yield* Effect.promise(() => lookAt(browser, addressesOf(server.address), look, {}))
    })
  )

  it.scopedLive("says that the run is over, or that there is no connection, and then asks for nothing", () =>
    Effect.gen(function* () {
      const browser = yield* opened
      for (const isTold of [true, false]) {
        const scope = yield* Scope.make()
        const server = yield* Scope.extend(LiveServer.make({ port: 0, token: yield* LiveServer.newToken }), scope)
        yield* server.show(titled("one"))
        const look = async (page: Page) => {
          await page.getByRole("heading", { name: "one" }).waitFor()
          await page.keyboard.press("Tab")
          await page.keyboard.press("Tab")
          await page.keyboard.press("Space")
          const last = { ...titled("last"), state: "done", now: "The run is over." } as const
          if (isTold) await Effect.runPromise(server.end(last))
          await Effect.runPromise(Scope.close(scope, Exit.void))
          const words = isTold ? "The run is over." : "There is no connection to lb any more"
          await page.getByRole("status").getByText(words).waitFor()
          assert.strictEqual(await page.locator("#title").textContent(), isTold ? "last" : "one")
          assert.isFalse(await page.getByRole("button").isVisible())
          // A browser asks again after some seconds, unless it was told not to.
          assert.strictEqual(await page.evaluate("events.readyState"), 2)
          assert.deepStrictEqual(await violationsIn(page), [])
        }
        yield* Effect.promise(() => lookAt(browser, addressesOf(server.address), look, {}))
      }
    })
  )

  it.scopedLive("shows a run of the command to its end", () =>
    Effect.gen(function* () {
      const browser = yield* opened
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-live-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
      const run = start(folder, [
        "run",
        "--mode",
        "new",
        "--source",
        "sandbox",
        "--batches",
        "1",
        "--rate",
        "8",
        "--ui"
      ])
      const address = yield* Effect.promise(() => addressOf(run))
      const look = async (page: Page) => {
        await page.getByRole("heading", { name: "Reading 10 members from sandbox" }).waitFor()
        await page.getByRole("progressbar", { name: "Members read" }).waitFor()
        await page.getByText("The run is over: 10 members complete, 0 partial.").waitFor()
        assert.include(await page.locator("#lists").textContent(), "Batch 1")
      }
      yield* Effect.promise(() =>
        lookAt(browser, addressesOf(address), look, { viewport: { width: 1280, height: 900 } })
      )
      const { code, err } = yield* Effect.promise(() => run.ended)
      assert.strictEqual(code, 0, err)
    })
  )
})
