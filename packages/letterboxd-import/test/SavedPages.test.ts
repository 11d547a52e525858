import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { judgeMember } from "@letterboxd-ratings/core"
import {
  filmsPage,
  generations,
  generateWorld,
  harOf,
  plantedSecrets,
  responsesOf,
  type SavedHtmlForm,
  savedHtmlOf,
  type SavedResponse,
  waczOf,
  wallPage,
  warcOf,
  type WorldMember
} from "@letterboxd-ratings/fixtures"
import { DateTime, Effect } from "effect"
import * as zlib from "node:zlib"
import { savedPages } from "@letterboxd-ratings/letterboxd-import"
import {
  candidates,
  itemsOf,
  listedOf,
  membersIn,
  modifiedAt,
  only,
  partsOf,
  readIn,
  refusedIn
} from "./SavedInputs.ts"

const world = generateWorld({ members: 12, mostFilms: 200, private: [3], gone: [4], renamed: [5] })
const responses = responsesOf(world)
const pagesOf = (username: string) => responses.filter(({ url }) => url.includes(`/${username}/films/`))
const html = { "content-type": "text/html;charset=UTF-8" }
const long = "member_11"

/** What a complete reading of the world gives, to compare with. */
const checkWorld = (items: Effect.Effect.Success<ReturnType<typeof itemsOf>>) => {
  assert.deepStrictEqual(
    membersIn(items).map(({ username }) => username as string),
    world.members.map(({ username }) => username)
  )
  for (const [i, { list, source, username }] of membersIn(items).entries()) {
    const member = world.members[i]
    const reading = judgeMember(username, partsOf(list), listedOf(list))
    const state = member?.state
    assert.strictEqual(reading.state, state === "public" ? "sealed" : typeof state === "object" ? "renamed" : state)
    assert.strictEqual(source, "saved-pages")
    assert.strictEqual(listedOf(list), member?.films.length)
    if (state !== "public") continue
    assert.deepStrictEqual(
      reading.films.map(({ film, rating }) => [film.id as number, rating as number | undefined]),
      member?.films.map(({ film, rating }) => [film.id, rating])
    )
  }
}

const withoutSecrets = (items: unknown) => {
  const text = JSON.stringify(items, (_, value: unknown) =>
    value instanceof Error ? `${value.stack} ${value.message}` : value
  )
  for (const secret of plantedSecrets) assert.notInclude(text, secret)
}

const member = (username: string, films: number, from = 0): WorldMember => ({
  username,
  displayName: username,
  state: "public",
  films: Array.from({ length: films }, (_, i) => ({
    film: { id: 1000 + from + i, slug: `film-${from + i}`, title: `Film ${from + i}`, year: 2000 },
    rating: 3
  }))
})

const page = (
  of: WorldMember,
  number: number,
  at: string,
  stated: "right" | "absent" = "right",
  listing = ""
): SavedResponse => ({
  url: `https://letterboxd.com/${of.username}/films/${listing}${number === 1 ? "" : `page/${number}/`}`,
  status: 200,
  headers: html,
  body: filmsPage({
    member: of,
    films: of.films,
    listing,
    number,
    generation: "2026-09",
    emptyText: "No films",
    stated
  }),
  at: Date.parse(at)
})
const wall = (of: SavedResponse, at: string): SavedResponse => ({
  ...of,
  status: 403,
  body: wallPage("challenge"),
  at: Date.parse(at)
})

describe("saved pages", () => {
  it.scoped.each([
    ["a HAR", () => Promise.resolve(harOf(responses)), "pages.har"],
    ["a HAR with base64", () => Promise.resolve(harOf(responses, { base64: true })), "pages.har"],
    ["a WARC", () => warcOf(responses, { gzip: false }), "pages.warc"],
    ["a compressed WARC", () => warcOf(responses), "pages.warc.gz"],
    [
      "a WARC in all encodings",
      () => warcOf(responses, { encodings: ["plain", "gzip", "deflate", "br", "chunked", "chunked-gzip"] }),
      "pages.warc.gz"
    ],
    ["a WARC with revisits", () => warcOf(responses, { revisits: true }), "pages.warc.gz"]
  ] as const)("%s gives each member as the site does", ([, make, name]) =>
    Effect.gen(function* () {
      const inputs = yield* candidates({ [name]: yield* Effect.promise<string | Uint8Array>(make) })
      assert.isTrue(inputs.every(savedPages.recognises))
      const items = yield* itemsOf(inputs)
      assert.deepStrictEqual(refusedIn(items), [])
      checkWorld(items)
      withoutSecrets(items)
      const { counts } = only(readIn(items))
      assert.strictEqual(counts.pages, responses.length - 1)
      assert.strictEqual(counts.members, world.members.length)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped.each(["complete", "plain", "single-file"] satisfies ReadonlyArray<SavedHtmlForm>)(
    "HTML files (%s) give each public member as the site does, from addresses in the pages",
    (form) =>
      Effect.gen(function* () {
        const good = responses.filter(({ status }) => status === 200)
        const inputs = yield* candidates(
          Object.fromEntries(good.map((response, i) => [`Seite ${i} “von” vielen.html`, savedHtmlOf(response, form)]))
        )
        assert.isTrue(inputs.every(savedPages.recognises))
        const items = yield* itemsOf(inputs)
        assert.deepStrictEqual(refusedIn(items), [])
        const publicMembers = world.members.filter(({ state }) => state === "public")
        assert.deepStrictEqual(
          membersIn(items).map(({ username }) => username as string),
          publicMembers.map(({ username }) => username)
        )
        for (const { list, readAt, username } of membersIn(items)) {
          assert.strictEqual(judgeMember(username, partsOf(list), listedOf(list)).state, "sealed", username)
          assert.strictEqual(
            DateTime.formatIso(readAt),
            form === "single-file"
              ? new Date(Math.max(...pagesOf(username).map(({ at }) => at))).toISOString()
              : DateTime.formatIso(modifiedAt)
          )
        }
        withoutSecrets(items)
      }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped.each(generations)("pages of %s, over several files, are one list", (generation) =>
    Effect.gen(function* () {
      const all = responsesOf(world, { generation })
      const inputs = yield* candidates({
        "a.har": harOf(all.filter((_, i) => i % 2 === 1)),
        "b.warc.gz": yield* Effect.promise(() => warcOf(all.filter((_, i) => i % 2 === 0)))
      })
      const items = yield* itemsOf(inputs)
      checkWorld(items)
      assert.strictEqual(readIn(items).length, 2)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("pages without their text, or with a part of it, are missing and named", () =>
    Effect.gen(function* () {
      const own = member(long, 400)
      const all = [1, 2, 3, 4, 5, 6].map((number) => page(own, number, `2026-10-01T00:0${number}:00Z`))
      const inputs = yield* candidates({
        "pages.har": harOf(all, { missing: [all[1]?.url ?? ""], cut: [all[3]?.url ?? ""] })
      })
      const items = yield* itemsOf(inputs)
      const { list, username } = only(membersIn(items))
      const reading = judgeMember(username, partsOf(list))
      assert.strictEqual(reading.state, "partial")
      assert.deepStrictEqual(reading.missing, [2, 4])
      const { counts, notes } = only(readIn(items))
      assert.strictEqual(counts.pages, 4)
      assert.strictEqual(counts.ignored, 8)
      assert.include(notes.join("\n"), "https://letterboxd.com/member_11/films/page/2/")
      assert.include(notes.join("\n"), "https://letterboxd.com/member_11/films/page/4/")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a later challenge page does not hide a good one, and a later good one replaces an earlier one", () =>
    Effect.gen(function* () {
      const before = member("somebody", 100)
      const after = { ...before, films: before.films.map((watched) => ({ ...watched, rating: 4 })) }
      const inputs = yield* candidates({
        "b.har": harOf([
          page(after, 1, "2026-10-03T00:00:00Z"),
          wall(page(after, 2, "2026-10-03T00:01:00Z"), "2026-10-03T00:01:00Z")
        ]),
        "a.har": harOf([page(before, 1, "2026-10-01T00:00:00Z"), page(before, 2, "2026-10-01T00:01:00Z")])
      })
      const { list, readAt, username } = only(membersIn(yield* itemsOf(inputs)))
      const reading = judgeMember(username, partsOf(list))
      assert.strictEqual(reading.state, "sealed")
      assert.deepStrictEqual(
        reading.films.map(({ rating }) => rating as number | undefined),
        [...Array.from({ length: 72 }, () => 4), ...Array.from({ length: 28 }, () => 3)]
      )
      assert.strictEqual(DateTime.formatIso(readAt), "2026-10-03T00:00:00.000Z")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a list that was saved anew as a whole is the newest one, whatever was saved before", () =>
    Effect.gen(function* () {
      const before = member("somebody", 100)
      for (const stated of ["right", "absent"] as const) {
        for (const after of [member("somebody", 101), member("somebody", 100, 1), member("somebody", 90, 5)]) {
          const [first, second, third, fourth] = [
            page(before, 1, "2026-10-01T00:00:00Z", stated),
            page(before, 2, "2026-10-01T00:01:00Z", stated),
            page(after, 1, "2026-11-01T00:00:00Z", stated),
            page(after, 2, "2026-11-01T00:01:00Z", stated)
          ]
          if (first === undefined || second === undefined || third === undefined || fourth === undefined) continue
          const inputs = yield* candidates({ "a.har": harOf([third, first, fourth, second]) })
          const { list, username } = only(membersIn(yield* itemsOf(inputs)))
          const reading = judgeMember(username, partsOf(list))
          assert.strictEqual(reading.state, "sealed")
          assert.deepStrictEqual(
            reading.films.map(({ film }) => film.id as number),
            after.films.map(({ film }) => film.id)
          )
        }
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("pages of a list that moved in between are never taken for one list", () =>
    Effect.gen(function* () {
      const before = member("somebody", 200)
      // One film is added at the front, the last one removed: all numbers stay the same.
      const after = { ...before, films: [...member("somebody", 1, 5000).films, ...before.films.slice(0, -1)] }
      const inputs = yield* candidates({
        "a.har": harOf([1, 2, 3].map((number) => page(before, number, `2026-10-01T00:0${number}:00Z`))),
        "b.har": harOf([page(after, 1, "2026-11-01T00:00:00Z")])
      })
      const items = yield* itemsOf(inputs)
      const { list, username } = only(membersIn(items))
      const reading = judgeMember(username, partsOf(list))
      assert.strictEqual(reading.state, "partial")
      assert.deepStrictEqual(reading.missing, [2, 3])
      assert.include(
        readIn(items)
          .flatMap(({ notes }) => notes)
          .join("\n"),
        "https://letterboxd.com/somebody/films/page/2/"
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("lists of rated films are used only where there is no page of all films", () =>
    Effect.gen(function* () {
      const [one, other] = [member("one", 100), member("other", 30)]
      const inputs = yield* candidates({
        "a.har": harOf([
          page(one, 1, "2026-10-01T00:00:00Z"),
          page(one, 1, "2026-10-01T00:00:30Z", "right", "rated/.5-5/"),
          page(one, 2, "2026-10-01T00:01:00Z"),
          page(other, 1, "2026-10-01T00:02:00Z", "right", "rated/.5-5/"),
          page(other, 1, "2026-10-01T00:03:00Z", "right", "rated/3/")
        ])
      })
      const items = yield* itemsOf(inputs)
      const [first, second] = membersIn(items)
      assert(first !== undefined && second !== undefined)
      assert.strictEqual(judgeMember(first.username, partsOf(first.list)).state, "sealed")
      assert.strictEqual(partsOf(first.list).length, 2)
      assert.strictEqual(partsOf(second.list)[0]?.place, "https://letterboxd.com/other/films/rated/.5-5/")
      assert.strictEqual(judgeMember(second.username, partsOf(second.list)).state, "sealed")
      assert.strictEqual(only(readIn(items)).counts.ignored, 5 + 1 + 1)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("pages of other sites count only where they are named", () =>
    Effect.gen(function* () {
      const elsewhere = responsesOf(world, { baseUrl: "http://127.0.0.1:8080" })
      const inputs = yield* candidates({ "a.har": harOf(elsewhere) })
      assert.deepStrictEqual(membersIn(yield* itemsOf(inputs)), [])
      checkWorld(yield* itemsOf(inputs, { baseUrls: ["http://127.0.0.1:8080"] }))
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("a WACZ", () => {
  const half = Math.floor(responses.length / 2)
  const parts = Effect.promise(async () => ({
    "a.warc.gz": await warcOf(responses.slice(0, half)),
    "b.warc.gz": await warcOf(responses.slice(half))
  }))
  const names = ["archive/a.warc.gz", "archive/b.warc.gz", "datapackage.json"]

  it.scoped("gives each member as the site does", () =>
    Effect.gen(function* () {
      const wacz = yield* Effect.flatMap(parts, (of) => Effect.promise(() => waczOf(of)))
      const inputs = yield* candidates({ "pages.wacz": wacz }, names)
      assert.isTrue(inputs.every(savedPages.recognises))
      const items = yield* itemsOf(inputs)
      assert.deepStrictEqual(refusedIn(items), [])
      checkWorld(items)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("whose part has another checksum is refused, and nothing of the part is used", () =>
    Effect.gen(function* () {
      const of = yield* parts
      for (const wrong of ["a.warc.gz", "b.warc.gz"]) {
        const wacz = yield* Effect.promise(() => waczOf(of, { wrong: [wrong] }))
        const items = yield* itemsOf(yield* candidates({ "pages.wacz": wacz }, names))
        const error = only(refusedIn(items))
        assert.strictEqual(error.reason, "Damaged")
        assert.include(error.place, `archive/${wrong}`)
        assert.strictEqual(membersIn(items).length === 0, wrong === "a.warc.gz")
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("damaged files of saved pages", () => {
  it.scoped("a WARC that ends within a record is used up to there, wherever that is", () =>
    Effect.gen(function* () {
      const some = pagesOf(world.members[0]?.username ?? "")
      for (const gzip of [true, false]) {
        const whole = yield* Effect.promise(() => warcOf(some, { gzip }))
        for (let cut = whole.length - 1; cut > 0; cut -= Math.ceil(whole.length / 40)) {
          const items = yield* itemsOf(yield* candidates({ "a.warc.gz": whole.subarray(0, cut) }))
          const pages = membersIn(items).flatMap(({ list }) => partsOf(list))
          assert.isBelow(pages.length, some.length + 1)
          assert.deepStrictEqual(
            pages.map(({ number }) => number),
            pages.map((_, i) => i + 1)
          )
          assert.strictEqual(readIn(items).length + refusedIn(items).length, 1)
          // Cut within the blank lines after the last record, nothing is missing.
          if (pages.length < some.length && refusedIn(items).length === 0)
            assert.match(only(readIn(items)).notes.join("\n"), /ends within record|missing/u)
        }
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a HAR that is cut or broken is refused from there, and said so; what came before counts", () =>
    Effect.gen(function* () {
      const whole = harOf(pagesOf(world.members[0]?.username ?? ""))
      for (const text of [whole.slice(0, -1), whole.slice(0, whole.length - 300), `${whole.slice(0, -3)}!}}`]) {
        const items = yield* itemsOf(yield* candidates({ "a.har": text }))
        assert.strictEqual(only(refusedIn(items)).reason, "Damaged")
        // Where the JSON is broken, what was parsed at once with it (up to 1 MB) goes with it.
        if (!text.endsWith("!}}")) assert.isAbove(membersIn(items).flatMap(({ list }) => partsOf(list)).length, 2)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("what is none of these is refused with a reason, and the others go on", () =>
    Effect.gen(function* () {
      const items = yield* itemsOf(
        yield* candidates({
          "empty.har": "{}",
          "list.har": "[]",
          "empty.warc": "",
          "page.html": "<!DOCTYPE html><html><head><title>letterboxd</title></head></html>",
          "bomb.warc.gz": zlib.gzipSync(Buffer.alloc(64_000_000)),
          "deep.har": `{"log":{"entries":[{"x":${"[".repeat(20_000)}`,
          "good.har": harOf(responses)
        })
      )
      checkWorld(items)
      assert.deepStrictEqual(
        refusedIn(items).map(({ reason }) => reason),
        ["NotRecognised", "NotRecognised", "NotRecognised", "NotRecognised", "NotRecognised", "TooLarge"]
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a record beyond a bound is counted and the rest is read", () =>
    Effect.gen(function* () {
      const [first] = pagesOf(world.members[0]?.username ?? "")
      assert(first !== undefined)
      const large = { ...first, body: "<".padEnd(33 * 1024 * 1024, "x") }
      const rest = responses.filter((one) => one !== first)
      const inputs = yield* candidates({
        "a.warc.gz": yield* Effect.promise(() => warcOf([large, ...rest], { encodings: ["gzip"] })),
        "b.har": harOf([large, ...rest])
      })
      const items = yield* itemsOf(inputs)
      for (const { notes } of readIn(items)) assert.include(notes.join("\n"), "exceeded the bounds")
      assert.strictEqual(membersIn(items).length, world.members.length)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
