/**
 * Makes the pictures of a report in `docs`: of a dataset with invented films and members, in a browser. Build first.
 * `CHROMIUM` is the program of the browser, if it is not where Debian puts it.
 */
import { DateTime, Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const requireOfReport = createRequire(join(root, "packages/report/package.json"))
const { chromium } = requireOfReport("playwright-core")
const built = (name) => import(pathToFileURL(join(root, "packages", name, "dist/index.js")).href)
const { reportOnDataset } = await built("report")
const { MemoryStorage } = await built("storage-memory")

/** The same numbers each time: 0 to 1, and around 0. */
let seed = 7
const uniform = () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}
const normal = () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b, -6)
const of = (list) => list[Math.floor(uniform() * list.length)]

const firsts =
  "The Quiet|A Distant|The Last|Midnight|Paper|Winter|The Second|Glass|An Honest|The Borrowed|Blue|Summer".split("|")
const seconds = "Harbour|Lantern|Orchard|Letter|Station|Garden|Machine|Summer|Daughter|Atlas|Mirror|Island".split("|")
const lasts = "||| of Salt| in the Rain| at Noon| and the Sea| for Two| Without a Name| on Fire".split("|")
const films = Array.from({ length: 1_400 }, (_, i) => ({
  id: i + 1,
  slug: `film-${i + 1}`,
  title: `${of(firsts)} ${of(seconds)}${of(lasts)}`,
  year: Math.round(2026 - 95 * uniform() ** 2.2)
}))
const qualities = films.map(({ year }) => 3.5 + (year < 1980 ? 0.3 : 0) + 0.5 * normal())
// Some films are loved by a half and hated by the other.
const divided = films.map(() => (uniform() < 0.03 ? 1.3 : 0))

const batchAt = (n, firstId) => {
  const committedAt = DateTime.unsafeMake(Date.UTC(2026, 0, 5 + n * 3, 9))
  const members = Array.from({ length: 25 }, (_, i) => {
    const userId = firstId + i
    const bias = 0.35 * normal()
    const taste = uniform() < 0.5 ? -1 : 1
    const share = 0.02 + 0.5 * uniform() ** 3
    const ratings = films.flatMap(({ id }, f) => {
      if (uniform() > share * (3 / (1 + f / 150))) return []
      const stars = (qualities[f] ?? 3) + bias + taste * (divided[f] ?? 0) + 0.7 * normal()
      return [{ userId, filmId: id, rating: Math.max(0.5, Math.min(5, Math.round(stars * 2) / 2)) }]
    })
    const record = {
      username: `member_${userId}`,
      userId,
      state: "sealed",
      readAt: committedAt,
      lastPage: Math.max(1, Math.ceil(ratings.length / 72)),
      missing: [],
      films: ratings.length,
      statedFilms: ratings.length,
      ratings: ratings.length,
      doubts: [],
      verdicts: { Films: 1 }
    }
    return { isNew: true, write: "append", ratings, record }
  })
  return { members, newFilms: n === 0 ? films : [], changedFilms: [], committedAt }
}

const made = Effect.gen(function* () {
  const storage = MemoryStorage.make({ place: "invented" })
  yield* Effect.scoped(
    Effect.gen(function* () {
      const dataset = yield* storage.open({ _tag: "new", existing: "refuse" })
      for (let n = 0; n < 16; n++) yield* dataset.commit(batchAt(n, n * 25 + 1))
    })
  )
  return yield* reportOnDataset(storage, {
    tool: "letterboxd-ratings",
    madeAt: DateTime.unsafeMake(Date.UTC(2026, 2, 1))
  })
})

const folder = mkdtempSync(join(tmpdir(), "lb-pictures-"))
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"]
})
try {
  const file = join(folder, "report.html")
  writeFileSync(file, (await Effect.runPromise(made)).page)
  const take = async (name, options, height) => {
    const page = await browser.newPage(options)
    await page.goto(pathToFileURL(file).href)
    const clip = { x: 0, y: 0, width: options.viewport.width, height }
    await page.screenshot({ path: join(root, "docs", name), fullPage: true, clip })
    await page.close()
  }
  await take("report.png", { viewport: { width: 1120, height: 900 }, colorScheme: "light" }, 1_780)
  await take(
    "report-phone.png",
    { viewport: { width: 390, height: 844 }, colorScheme: "dark", deviceScaleFactor: 1.5 },
    1_150
  )
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}
