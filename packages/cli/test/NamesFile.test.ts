import { assert, describe, it } from "@effect/vitest"
import { generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect, Either } from "effect"
import * as fc from "fast-check"
import * as fs from "node:fs"
import * as path from "node:path"
import { namesIn } from "../src/NamesFile.ts"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const name = fc.stringMatching(/^[a-z0-9_]{2,15}$/u)
const written = fc.tuple(
  name,
  fc.constantFrom(
    (one: string) => one,
    (one: string) => `@${one.toUpperCase()}`,
    (one: string) => `https://letterboxd.com/${one}/films/page/2/`,
    (one: string) => `  letterboxd.com/${one}  # why`
  )
)

describe("a file of names", () => {
  it("has one name in a line, in whatever way it is written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(written, fc.constantFrom("", "   ", "# a comment")), { maxLength: 20 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.boolean(),
        (lines, lineEnd, hasMark) => {
          const text = `${hasMark ? "\uFEFF" : ""}${lines.map((line) => (typeof line === "string" ? line : line[1](line[0]))).join(lineEnd)}`
          assert.deepStrictEqual(
            namesIn("names.txt", text),
            Either.right(lines.flatMap((line) => (typeof line === "string" ? [] : [line[0]]))) as never
          )
        }
      )
    )
  })

  it("is refused as a whole where a line is no name, with its place", () => {
    const refused = (text: string) => Either.getOrElse(Either.flip(namesIn("names.txt", text)), () => "")
    assert.match(refused("davee\n\nno name\n"), /^Line 3 of names\.txt: "no name" is not a member name\./u)
    assert.match(refused("a".repeat(501)), /^Line 1 of names\.txt has more than 500 characters/u)
    assert.match(refused("ab\n".repeat(100_001)), /more than 100,000 names/u)
    assert.notInclude(refused("\u001B[31mx"), "\u001B")
  })
})

describe("lb user with several names", () => {
  it(
    "reads each once, says who is not there, and keeps a list of those that are left",
    inEmptyFolder((folder) =>
      Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const site = yield* Sandbox.make({ world: generateWorld({ members: 12, mostFilms: 100 }) })
            const names = site.world.members.slice(0, 4).map(({ username }) => username)
            const [first = "", second = "", third = "", fourth = ""] = names
            const run = (...args: ReadonlyArray<string>) =>
              Effect.promise(() =>
                lb(folder, [...args, "--base-url", site.url, "--rate", "unlimited", "--max-retries", "0"])
              )
            const file = (called: string) => path.join(folder, called)
            const users = () => rowsOf(file("data_output"), "latest_user_mappings.csv").map((row) => row.split(",")[0])

            yield* Effect.promise(async () => fs.writeFileSync(file("names.txt"), `# mine\n@${third}\n\n${first}\n`))
            const many = yield* run("user", second, `https://letterboxd.com/${first}/`, "-i", "names.txt", "--quiet")
            assert.strictEqual(many.code, 0, many.err)
            assert.deepStrictEqual(users(), [second, first, third])
            const requested = [...(yield* site.requests).keys()].filter((one) => one.startsWith(`/${first}/films/`))
            assert.strictEqual(new Set(requested).size, requested.length)

            const nobody = yield* run("user", first, "nobody_here", "--quiet")
            assert.strictEqual(nobody.code, 1)
            assert.include(nobody.err, "There is no member named nobody_here on the site.")
            assert.deepStrictEqual(users(), [second, first, third])

            // The site refuses one, and the run ends before the other one may have been read.
            yield* site.behave({ faults: [{ kind: "challenge", status: 403, path: `^/${fourth}/` }] })
            const left = yield* run("user", first, fourth, "--failed", "left.txt", "--quiet")
            assert.include([2, 3], left.code, left.out + left.err)
            const lines = fs.readFileSync(file("left.txt"), "utf8").trimEnd().split("\n")
            assert.match(lines[0] ?? "", /^# /u)
            assert.include(
              lines.slice(1).map((line) => line.replace(/ {2}# .+$/u, "")),
              fourth
            )
            assert.include(left.out, "--input left.txt")
            yield* site.behave({ faults: [] })
            const rest = yield* run("user", "-i", "left.txt", "--failed", "left.txt", "--quiet")
            assert.strictEqual(rest.code, 0, rest.err)
            assert.include(users(), fourth)
            assert.strictEqual(fs.readFileSync(file("left.txt"), "utf8").trimEnd().split("\n").length, 1)

            // What others wrote is left alone, and nothing is asked for.
            yield* site.reset
            const taken = yield* run("user", first, "--failed", "names.txt")
            assert.strictEqual(taken.code, 1)
            assert.include(taken.err, "lb did not write it")
            assert.include(fs.readFileSync(file("names.txt"), "utf8"), "# mine")
            fs.writeFileSync(file("wrong.txt"), "davee\nno name\n")
            const wrong = yield* run("user", first, "-i", "wrong.txt")
            assert.strictEqual(wrong.code, 1)
            assert.include(wrong.err, `Line 2 of "wrong.txt": "no name" is not a member name.`)
            assert.strictEqual((yield* run("user", "-i", "missing.txt")).code, 1)
            assert.strictEqual(yield* site.totalRequests, 0)
            assert.deepStrictEqual(
              fs.readdirSync(folder).filter((one) => one.startsWith(".lb-failed-")),
              []
            )
          })
        )
      )
    ),
    60_000
  )
})
