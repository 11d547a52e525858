import { assert, describe, it } from "@effect/vitest"
import { filmsPage, generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb } from "./Lb.ts"

const world = generateWorld()
const [member] = world.members
if (member === undefined) throw new Error("the world has no member")
const saved = filmsPage({ member, films: member.films, listing: "", number: 1, generation: "2026-04" })

describe("lb page", () => {
  it(
    "shows what a file is, and no cookie",
    inEmptyFolder(async (folder) => {
      const ask = (...args: ReadonlyArray<string>) => lb(folder, ["page", ...args])
      fs.writeFileSync(path.join(folder, "saved.html"), saved)
      const { code, err, out } = await ask("saved.html")
      assert.strictEqual(code, 0, err)
      assert.match(out, /^verdict +Films$/mu)
      assert.match(out, /^generation +2026-04$/mu)
      assert.match(out, /^films +72 \(\d+ rated\)$/mu)
      assert.match(out, new RegExp(`^what +page 1 of the films of ${member.username}$`, "mu"))
      assert.match(out, /^marks +li\.griditem 72, /mu)
      assert.match(out, /and 52 more/u)
      const json = JSON.parse((await ask("saved.html", "--json")).out)
      assert.deepInclude(json, { verdict: "Films", generation: "2026-04", status: 200 })
      assert.lengthOf(json.films, 72)

      // As diagnostics has it, and as an older version may have kept it.
      fs.writeFileSync(
        path.join(folder, "wall.html"),
        "<html><head><title>Just a moment...\u001B[31m</title></head></html>"
      )
      fs.writeFileSync(
        path.join(folder, "wall.json"),
        JSON.stringify({
          url: `https://letterboxd.com/${member.username}/films/page/2/`,
          status: 403,
          headers: { "cf-mitigated": "challenge", "set-cookie": "session=s3cret", cookie: "session=s3cret" }
        })
      )
      const wall = await ask("wall.html")
      assert.match(wall.out, /^verdict +Challenged$/mu)
      assert.match(wall.out, /^headers +cf-mitigated: challenge$/mu)
      assert.match(wall.out, /^status +403$/mu)
      assert.notInclude(wall.out + (await ask("wall.html", "--json")).out, "s3cret")
      assert.notMatch(wall.out, /[^\P{C}\n]/u)

      fs.writeFileSync(path.join(folder, "other.html"), "<html><title>Something</title></html>")
      const other = await ask("other.html")
      assert.match(other.out, /^verdict +none$/mu)
      assert.match(other.out, /^address +unknown$/mu)
      fs.writeFileSync(path.join(folder, "data.csv"), "a,b\n")
      for (const [place, said] of [
        ["data.csv", "it is not HTML"],
        ["nothing.html", "nothing.html"],
        [".", "it is not a file"],
        ["https://example.com/davee/films/", "lb page asks only https://letterboxd.com (or the site at --base-url)"],
        ["https://letterboxd.com.example.com/", "lb page asks only"],
        ["file:///etc/passwd", "lb page asks only"],
        ["https://me:secret@letterboxd.com/davee/", "Leave it out."]
      ] as const) {
        const wrong = await ask(place)
        assert.strictEqual(wrong.code, 1, place)
        assert.include(wrong.err, said)
        assert.match(wrong.err, /^[^\p{C}]+\n$/u)
        assert.strictEqual(wrong.out, "")
      }
    })
  )

  it(
    "asks a site for one page, as robots.txt allows",
    inEmptyFolder(async (folder) => {
      await Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const site = yield* Sandbox.make({ world, behaviour: { generation: "2025-11" } })
            const ask = (...args: ReadonlyArray<string>) =>
              Effect.promise(() => lb(folder, ["page", ...args, "--base-url", site.url]))
            const films = yield* ask(`${site.url}/${member.username}/films/#top`)
            assert.strictEqual(films.code, 0, films.err)
            assert.match(films.out, /^verdict +Films$/mu)
            assert.match(films.out, /^generation +2025-11$/mu)
            const members = yield* ask(`${site.url}/members/popular/`)
            assert.match(members.out, /^verdict +Members$/mu)
            assert.match(members.out, /^members +\d+$/mu)
            const nobody = yield* ask(`${site.url}/nobody_here/films/`)
            assert.match(nobody.out, /^verdict +MemberNotFound$/mu)
            const forbidden = yield* ask(`${site.url}/members/popular/this/week/`)
            assert.strictEqual(forbidden.code, 1, forbidden.out)
            assert.include(forbidden.err, "robots.txt")
            const elsewhere = yield* ask("https://letterboxd.com/davee/films/")
            assert.strictEqual(elsewhere.code, 1)
            assert.include(elsewhere.err, `lb page asks only ${site.url}, not`)
            assert.deepStrictEqual(fs.readdirSync(folder), [])
          })
        )
      )
    })
  )
})
