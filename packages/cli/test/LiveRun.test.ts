import { assert, describe, it } from "@effect/vitest"
import {
  BatchCommitted,
  type HarvestEvent,
  MemberDiscovered,
  MemberRead,
  PageRead,
  type RunReport,
  RunStarted,
  UsernameFromText
} from "@letterboxd-ratings/core"
import { Arbitrary, DateTime, Schema } from "effect"
import * as fc from "fast-check"
import type { LivePicture } from "../src/live/LivePicture.ts"
import { pictureOfRun, runAfter, runAtStart, runWithRequests } from "../src/live/LiveRun.ts"
import { grouped } from "../src/Shown.ts"

const username = Schema.decodeSync(UsernameFromText)
const idle = { requests: 0, retries: 0, pausedMillis: 0, requestsPerSecond: 2, unreadListings: 0 }

/** Any events in any order, with texts of any kind where a source or storage of another author could put them. */
const event: fc.Arbitrary<HarvestEvent> = fc.oneof(
  { arbitrary: Arbitrary.make(PageRead), weight: 6 },
  { arbitrary: Arbitrary.make(MemberRead), weight: 3 },
  Arbitrary.make(RunStarted),
  Arbitrary.make(MemberDiscovered),
  Arbitrary.make(BatchCommitted)
)
const events = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 5000 })), { maxLength: 200, size: "max" })

/** The picture after events, each so many milliseconds after the one before. */
const pictureAfter = (all: ReadonlyArray<readonly [HarvestEvent, number]>) => {
  let now = 1_000_000
  let run = runAtStart(10, now)
  for (const [one, millis] of all) {
    now += millis
    run = runAfter(run, one, now)
  }
  return { picture: pictureOfRun(run, idle, now), run, now }
}

const numberIn = ({ numbers }: LivePicture, name: string) => numbers.find(([, one]) => one === name)?.[0]
const listIn = ({ lists }: LivePicture, title: string) => {
  const list = lists.find((one) => one.title === title)
  assert(list !== undefined)
  return list
}
const sum = (all: ReadonlyArray<number>) => all.reduce((a, b) => a + b, 0)

describe("the picture of a run", () => {
  it("counts what the events say", () => {
    fc.assert(
      fc.property(events, (all) => {
        const { picture, run } = pictureAfter(all)
        const of = <T extends HarvestEvent["_tag"]>(tag: T) =>
          all.flatMap(([one]) => (one._tag === tag ? [one as Extract<HarvestEvent, { _tag: T }>] : []))
        const pages = of("PageRead")
        assert.strictEqual(numberIn(picture, "pages"), grouped(pages.length))
        assert.strictEqual(numberIn(picture, "ratings read"), grouped(sum(pages.map(({ ratings }) => ratings))))
        assert.strictEqual(run.progress.membersRead, of("MemberRead").length)
        assert.strictEqual(
          sum([...run.withoutFilms.values()]),
          pages.filter(({ lastPage }) => lastPage === undefined).length
        )
        const last = all.findLast(([{ _tag }]) => _tag === "RunStarted" || _tag === "BatchCommitted")?.[0]
        assert.strictEqual(
          numberIn(picture, "ratings in the dataset"),
          last === undefined
            ? "0"
            : grouped(
                last._tag === "BatchCommitted" ? last.totalRatings : last._tag === "RunStarted" ? last.ratings : 0
              )
        )
        const underWay = new Set<string>()
        for (const [one] of all) {
          if (one._tag === "PageRead") underWay.add(one.username)
          if (one._tag === "MemberRead") underWay.delete(one.username)
        }
        const { more, rows } = listIn(picture, "Members under way")
        assert.strictEqual(rows.length + more, underWay.size)
        assert.isTrue(rows.every(({ name }) => underWay.has(name)))
      })
    )
  })

  it("has the ratings of each of the last 60 seconds in its bars", () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 0, max: 100_000 }), (all, later) => {
        const { now, run } = pictureAfter(all)
        const values = pictureOfRun(run, idle, now + later).bars?.values ?? []
        assert.lengthOf(values, 60)
        const expected = Array.from({ length: 60 }, () => 0)
        let at = 1_000_000
        for (const [one, millis] of all) {
          at += millis
          const place = 59 - (Math.floor((now + later) / 1000) - Math.floor(at / 1000))
          if (one._tag === "PageRead" && place >= 0) expected[place] = (expected[place] ?? 0) + one.ratings
        }
        assert.deepStrictEqual(values, expected)
      })
    )
  })

  it("is small, whatever the run and whatever the names in it", () => {
    const long = "\u202E<script>globalThis.ran = 1</script>\n".repeat(3000)
    const pages = Array.from({ length: 600 }, (_, i): readonly [HarvestEvent, number] => [
      PageRead.make({ username: username(`m${i}`), page: 1, verdict: `${i}${long}`, ratings: 72 }),
      0
    ])
    const started = RunStarted.make({
      mode: "new",
      source: long,
      storage: long,
      place: long,
      users: 5,
      ratings: 5,
      membersToAdd: 600,
      membersToComplete: 5,
      notes: [long]
    })
    const read = Array.from({ length: 60 }, (_, i): readonly [HarvestEvent, number] => [
      MemberRead.make({
        username: username(`m${i}`),
        state: "partial",
        pages: 9000,
        films: 9,
        ratings: 9,
        missing: Array.from({ length: 9000 }, (_, page) => page + 1),
        doubts: ["short-page"]
      }),
      0
    ])
    const { picture } = pictureAfter([[started, 0], ...pages, ...read])
    assert.isBelow(JSON.stringify(picture).length, 20_000)
    assert.notMatch(JSON.stringify(picture), /\u202E|\\n/u)
    const { more, rows } = listIn(picture, "Members under way")
    assert.deepStrictEqual([rows.length, more], [30, 510])
    assert.lengthOf(listIn(picture, "Walls, and pages without films").rows, 13)
  })

  it("says what holds the run up, how far it is, and when it will end", () => {
    const started = RunStarted.make({
      mode: "new",
      source: "sandbox",
      storage: "csv",
      place: "data",
      users: 0,
      ratings: 0,
      membersToAdd: 4,
      membersToComplete: 0,
      notes: []
    })
    const read = MemberRead.make({
      username: username("davee"),
      state: "sealed",
      pages: 1,
      films: 2,
      ratings: 2,
      missing: [],
      doubts: []
    })
    const page = PageRead.make({ username: username("anna"), page: 1, lastPage: 3, verdict: "Films", ratings: 2 })
    const { now, run } = pictureAfter([
      [started, 0],
      [read, 5000],
      [page, 5000]
    ])
    const words = (text: string | undefined) => text?.replaceAll(/\d\d:\d\d:\d\d/gu, "TIME")
    const at = (later: number, activity: Parameters<typeof pictureOfRun>[1], isOver?: boolean) => {
      const picture = pictureOfRun(run, activity, now + later, isOver)
      return [picture.state, words(picture.now), words(picture.progress?.words)]
    }
    assert.deepStrictEqual(at(0, idle), [
      "working",
      "Reading pages, with at most 2 requests a second.",
      "1 of 4 members · 3 left · 10s so far · about 30s to go, until TIME"
    ])
    assert.deepStrictEqual(at(4000, idle).slice(0, 2), ["waiting", "No response since TIME."])
    const asked = runWithRequests(run, { ...idle, requests: 1 }, now + 4000)
    assert.strictEqual(pictureOfRun(asked, { ...idle, requests: 1 }, now + 5000).state, "working")
    assert.deepStrictEqual(at(4000, { ...idle, pausedUntil: now + 9000 }).slice(0, 2), [
      "waiting",
      "Waiting until TIME: the site refused a request as one too many."
    ])
    assert.deepStrictEqual(at(0, idle, true), [
      "done",
      "lb has ended. What was committed is kept; the terminal says the rest.",
      "1 of 4 members · 3 left · 10s so far"
    ])
    assert.deepStrictEqual(listIn(pictureOfRun(run, idle, now), "Members under way").rows, [
      { name: "anna", words: "1 of 3 pages", done: 1, all: 3 }
    ])
  })

  it("says how the run ended", () => {
    const at = DateTime.unsafeMake(0)
    const report: RunReport = {
      mode: "new",
      startedAt: at,
      finishedAt: at,
      members: { sealed: 3, partial: 1, gone: 0, private: 0, renamed: 0 },
      readAgain: { members: 0, added: 0, changed: 0, removed: 0 },
      partial: [],
      waiting: { refused: 0, "not-understood": 0, pages: 1, doubts: 0 },
      skipped: [],
      unreadListings: 0,
      batches: 1,
      pages: 4,
      ratings: 9,
      newFilms: 9,
      changedFilms: 0,
      totalUsers: 4,
      totalRatings: 9,
      requests: 5,
      retries: 0,
      pausedMillis: 0,
      listEnded: false
    }
    const after = (ended: RunReport) => {
      const { now, state } = pictureAfter([[{ _tag: "RunFinished", report: ended }, 0]]).picture
      return [state, now]
    }
    assert.deepStrictEqual(after(report), ["stopped", "The run is over: 3 members complete, 1 partial."])
    assert.deepStrictEqual(after({ ...report, members: { ...report.members, partial: 0 } }), [
      "done",
      "The run is over: 3 members complete, 0 partial."
    ])
    assert.deepStrictEqual(
      after({ ...report, stopped: { reason: "Challenged", kind: "Refused", message: "a bot wall\u0007" } }),
      ["stopped", "Stopped: a bot wall\uFFFD"]
    )
  })
})
