/** Small inputs from the field that were read wrong, as they are kept beside the project. */
import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { judgeMember, RatingsSource, UsernameFromText } from "@letterboxd-ratings/core"
import {
  HttpPolicy,
  judgeFilmsResponse,
  LetterboxdSource,
  type PageVerdict,
  partFromVerdict
} from "@letterboxd-ratings/letterboxd-source"
import { Effect, Layer, Schema, Stream } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("../../../../shared/cases/", import.meta.url))
const isAbsent = !fs.existsSync(folder)

const Routes = Schema.parseJson(
  Schema.Struct({
    routes: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({ status: Schema.optional(Schema.Number), body: Schema.optional(Schema.String) })
    })
  })
)
const username = Schema.decodeSync(UsernameFromText)

const routesOf = (name: string) =>
  Schema.decodeSync(Routes)(fs.readFileSync(path.join(folder, `${name}.routes.json`), "utf8")).routes

/** The verdict on what a case answers to a request for a page of a member. */
const judge = (name: string, member: string, page = 1) => {
  const url = `/${member}/films/${page === 1 ? "" : `page/${page}/`}`
  const { body = "", status = 200 } = routesOf(name)[url] ?? {}
  return judgeFilmsResponse(
    { username: username(member), page, listing: "films" },
    {
      url: `https://letterboxd.com${url}`,
      status,
      headers: { "content-type": "text/html;charset=UTF-8", server: "cloudflare" },
      body,
      now: 0
    }
  )
}

/** What is said of a member whose list is this one page. */
const readAlone = (member: string, verdict: PageVerdict) =>
  judgeMember(username(member), [
    partFromVerdict({ source: "letterboxd", url: "", username: username(member), number: 1 }, verdict)
  ])

describe.skipIf(isAbsent)(
  `cases from the field${isAbsent ? " (skipped: there is no ../shared/cases here)" : ""}`,
  () => {
    it("F1a: a page before the last with 71 items is not full", () => {
      const [first, second] = [judge("F1a-nonlast-page-71-of-72", "jax"), judge("F1a-nonlast-page-71-of-72", "jax", 2)]
      assert(first._tag === "Films" && second._tag === "Films")
      assert.deepStrictEqual(
        { lastPage: first.lastPage, stated: first.stated.films },
        { lastPage: 2, stated: undefined }
      )
      // The item in another wrapper is read too; where it is not, the page is not full, and says so.
      assert.strictEqual(first.films.length + first.unreadable, first.fullPage)
    })

    it("F1b: four films of which three stand in another wrapper are four films", () => {
      const verdict = judge("F1b-3-of-4-items-other-wrapper", "jax")
      assert(verdict._tag === "Films")
      assert.deepStrictEqual(
        verdict.films.map(({ film }) => film.id as number),
        [100, 101, 102, 103]
      )
      assert.strictEqual(verdict.unreadable, 0)
    })

    it("F2: posters in the sidebar are nobody's ratings", () => {
      const verdict = judge("F2-sidebar-posters-counted", "jax")
      assert(verdict._tag === "Films")
      assert.deepStrictEqual(
        verdict.films.map(({ film }) => film.id as number),
        [100, 101]
      )
      assert.strictEqual(readAlone("jax", verdict).state, "sealed")
    })

    it("F3: one odd film on a short list is a fault of this film", () => {
      const verdict = judge("F3-one-odd-film-short-list", "mem_a")
      assert(verdict._tag === "Films")
      assert.deepStrictEqual([verdict.films.map(({ film }) => film.id as number), verdict.unreadable], [[300], 1])
      const reading = readAlone("mem_a", verdict)
      assert.deepStrictEqual([reading.state, reading.doubts], ["partial", ["unreadable-tiles"]])
    })

    it("F4: a private member's page is one in any words", () => {
      assert.strictEqual(judge("F4-private-page-wording", "mem_a")._tag, "MemberPrivate")
      assert.strictEqual(judge("F4-private-page-wording", "mem_b")._tag, "Films")
    })

    it.effect("F9: a wall in the place of robots.txt is a wall, and no page is asked for behind it", () =>
      Effect.gen(function* () {
        const routes = routesOf("F9-robots-200-challenge")
        const asked: Array<string> = []
        const site = HttpClient.make((request) =>
          Effect.sync(() => {
            const { pathname } = new URL(request.url)
            asked.push(pathname)
            const { body = "", status = 404 } = routes[pathname] ?? {}
            return HttpClientResponse.fromWeb(
              request,
              new Response(body, { status, headers: { "content-type": "text/html;charset=UTF-8" } })
            )
          })
        )
        const source = LetterboxdSource.layer({ ...LetterboxdSource.defaults, baseUrl: "http://site" }).pipe(
          Layer.provide(HttpPolicy.layer({ ...HttpPolicy.defaults, requestsPerSecond: Infinity, maxRetries: 0 })),
          Layer.provide(Layer.succeed(HttpClient.HttpClient, site))
        )
        const error = yield* RatingsSource.pipe(
          Effect.flatMap(({ list }) => Effect.flip(Stream.runDrain(list(username("jax"), "all")))),
          Effect.provide(source)
        )
        assert.deepStrictEqual([error.reason, error.reasonLabel], ["Refused", "Challenged"])
        assert.deepStrictEqual(asked, ["/robots.txt"])
      })
    )
  }
)
