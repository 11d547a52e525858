import { assert, describe, it } from "@effect/vitest"
import {
  type FilmsContent,
  judgeMember,
  type ListPart,
  type MemberReading,
  reconcileList,
  type WatchedFilm
} from "@letterboxd-ratings/core"
import * as fc from "fast-check"
import { list, partOf, username, watched } from "./Worlds.ts"

const karsten = username("karsten")

/** A change of the list before the nth answer: a film more or less at a place between 0 (the top) and 1 (the end). */
interface Change {
  readonly beforeAnswer: number
  readonly place: number
  readonly kind: "add" | "remove"
}

/** Reads a list that changes meanwhile, as the pipeline does: page 1, the others in the given order, then what is asked for. */
const readMoving = (
  start: ReadonlyArray<WatchedFilm>,
  changes: ReadonlyArray<Change>,
  order: (pages: ReadonlyArray<number>) => ReadonlyArray<number>
) => {
  let films = start
  let answers = 0
  let nextId = 10_000
  const parts: Array<ListPart> = []
  const read = (number: number) => {
    answers += 1
    for (const { beforeAnswer, kind, place } of changes) {
      if (beforeAnswer !== answers) continue
      const at = Math.floor(place * films.length)
      films =
        kind === "add"
          ? films.toSpliced(at, 0, watched(nextId++, 4))
          : films.toSpliced(Math.min(at, films.length - 1), 1)
    }
    parts.push({ username: karsten, number, place: "memory:", content: partOf(films, number) })
  }
  read(1)
  const first = parts[0]?.content
  const lastPart = first?._tag === "Films" ? first.lastPart : 1
  for (const number of order(Array.from({ length: lastPart - 1 }, (_, i) => i + 2))) read(number)
  let reading: MemberReading = judgeMember(karsten, parts)
  for (let round = 0; round < 100 && reading.again !== "all"; round++) {
    const again = reading.again.length > 0 ? reading.again : reading.missing
    if (again.length === 0) break
    for (const number of again) read(number)
    reading = judgeMember(karsten, parts)
  }
  return { reading, films, requests: answers }
}

const ids = (films: ReadonlyArray<WatchedFilm>) => films.map(({ film }) => film.id as number)

const inOrder = (pages: ReadonlyArray<number>) => pages

describe("a list that moves while it is read", () => {
  it("is put together exactly after one film was added or removed, wherever and whenever, for few requests", () => {
    let most = 0
    for (const kind of ["add", "remove"] as const) {
      for (const count of [7, 9, 60, 180]) {
        const lastPage = Math.ceil(count / 3)
        for (let beforeAnswer = 2; beforeAnswer <= lastPage; beforeAnswer += Math.ceil(lastPage / 12)) {
          for (const place of [0, 0.1, 0.33, 0.5, 0.77, 0.999]) {
            const outcome = readMoving(list(count), [{ beforeAnswer, place, kind }], inOrder)
            const where = `${kind} at ${place} of ${count} before answer ${beforeAnswer}`
            assert.strictEqual(outcome.reading.state, "sealed", where)
            assert.deepStrictEqual(ids(outcome.reading.films), ids(outcome.films), where)
            most = Math.max(most, outcome.requests - lastPage)
          }
        }
      }
    }
    // 60 pages can be halved 6 times, once for each end of what is in doubt.
    assert.isAtMost(most, 14)
  })

  it("costs one request more where a film appears at the top after page 1", () => {
    const outcome = readMoving(list(89), [{ beforeAnswer: 2, place: 0, kind: "add" }], inOrder)
    assert.strictEqual(outcome.requests, 31)
    assert.deepStrictEqual(ids(outcome.reading.films), ids(outcome.films))
  })

  it("loses no film that was there all the time and shows none twice, whatever happens in whatever order", () => {
    let sealed = 0
    const changes = fc.array(
      fc.record({
        beforeAnswer: fc.integer({ min: 2, max: 40 }),
        place: fc.double({ min: 0, max: 0.999, noNaN: true }),
        kind: fc.constantFrom("add" as const, "remove" as const)
      }),
      { maxLength: 4 }
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 90 }),
        changes,
        fc.integer({ min: 1, max: 7 }),
        (count, happening, stride) => {
          const start = list(count)
          // A film that goes in the same moment as another comes leaves no trace in any count.
          const moments = new Set(happening.map(({ beforeAnswer }) => beforeAnswer))
          fc.pre(moments.size === happening.length)
          const shuffled = (pages: ReadonlyArray<number>) =>
            pages.toSorted((a, b) => (a % stride) - (b % stride) || a - b)
          const { films, reading } = readMoving(start, happening, shuffled)
          const seen = ids(reading.films)
          assert.strictEqual(new Set(seen).size, seen.length)
          if (reading.state !== "sealed") return
          sealed += 1
          const isNow = new Set(ids(films))
          const always = ids(start).filter((id) => isNow.has(id))
          const missing = always.filter((id) => !seen.includes(id))
          assert.deepStrictEqual(missing, [])
        }
      ),
      { numRuns: 3000, seed: 7 }
    )
    assert.isAbove(sealed, 2000)
  })

  it("may have any number of films in a part", () => {
    const films = Array.from({ length: 200_000 }, (_, i) => watched(i + 1))
    const inPart = (films: ReadonlyArray<WatchedFilm>): FilmsContent => ({
      _tag: "Films",
      films,
      lastPart: 2,
      stated: { films: 200_001 },
      unreadable: 0,
      fullPart: 200_000
    })
    const parts = new Map([
      [1, inPart(films)],
      [2, inPart([watched(200_001)])]
    ])
    const whole = reconcileList([{ lastPart: 2, statedFilms: 200_001, parts }])
    assert(whole._tag === "Whole")
    assert.strictEqual(whole.films.length, 200_001)
  })
})
