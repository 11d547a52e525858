import { assert, describe, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import * as fc from "fast-check"
import * as path from "node:path"
import { memberNamed, MemberNames } from "../src/options/MemberName.ts"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const name = fc.stringMatching(/^[a-z0-9_]{2,15}$/u)
const inAnyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((letter, i) => (upper[i] === true ? letter.toUpperCase() : letter)).join(""))
const before = fc.constantFrom(
  "",
  "@",
  "letterboxd.com/",
  "www.letterboxd.com/",
  "http://letterboxd.com/",
  "https://letterboxd.com/",
  "https://www.letterboxd.com/"
)
const behind = fc.constantFrom("", "/", "/films", "/films/", "/films/page/2/", "/films/by/date/", "/?x=1", "/#top")

const nameOf = (text: string): string => Either.getOrElse(memberNamed(text), (sentence) => assert.fail(sentence))

describe("a member's name", () => {
  it("may be written in any case, with @, or as the address of the profile", () => {
    fc.assert(
      fc.property(
        name.chain((text) => fc.tuple(fc.constant(text), inAnyCase(text))),
        before,
        behind,
        ([meant, text], prefix, suffix) => {
          const written = prefix.includes(".com/") ? prefix + text + suffix : prefix + text
          assert.strictEqual(nameOf(` ${written} `), meant)
        }
      )
    )
    assert.strictEqual(nameOf("HTTPS://Letterboxd.com/Davee/"), "davee")
  })

  it("is not guessed from anything else", () => {
    for (const text of [
      "",
      "@",
      "a",
      "@@davee",
      "davee/",
      "da vee",
      "davee@example.org",
      "https://example.org/davee/",
      "https://letterboxd.com.example.org/davee",
      "https://letterboxd.com/",
      "https://letterboxd.com/film/heat/",
      "https://user:secret@letterboxd.com/davee",
      "https://boxd.it/abc",
      "letterboxd.com/davee/list/x/",
      "\u001B[31mdavee",
      "../davee"
    ]) {
      const named = memberNamed(text)
      assert.isTrue(Either.isLeft(named), text)
      if (Either.isLeft(named)) assert.match(named.left, /^[^\p{C}]* is not a member name. A name has 2 to 15 letters/u)
    }
  })

  it("may be one of several with commas between", () => {
    const read = Schema.decodeUnknownEither(MemberNames)
    assert.deepStrictEqual(
      [...Either.getOrThrow(read("@Davee, null,https://letterboxd.com/kurstboy/"))],
      ["davee", "null", "kurstboy"]
    )
    for (const text of ["", "davee,", ",davee", "davee,,null", "davee null"])
      assert.isTrue(Either.isLeft(read(text)), text)
  })

  it(
    "is understood by lb user and lb doctor alike",
    inEmptyFolder(async (folder) => {
      for (const text of ["@Member_1", "https://letterboxd.com/member_1/"]) {
        const user = await lb(folder, ["user", text, "--source", "sandbox", "--quiet"])
        assert.strictEqual(user.code, 0, user.err)
        assert.include(user.out, "1 member complete")
        assert.notInclude(user.out, "lb user")
        const doctor = await lb(folder, ["doctor", text, "--source", "sandbox"])
        assert.strictEqual(doctor.code, 0, doctor.err)
        assert.include(doctor.out, "/member_1/films/")
      }
    }),
    60_000
  )

  it(
    "leaves members out of a run, and not out of what asks for them by name",
    inEmptyFolder(async (folder) => {
      const skip = { LB_SKIP: "@Member_1, https://letterboxd.com/null/" }
      const run = await lb(
        folder,
        ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--batch-size", "3", "--quiet"],
        skip
      )
      assert.strictEqual(run.code, 0, run.err)
      assert.match(run.out, /Skipped: (?:member_1, null|null, member_1)\./u)
      const names = () =>
        rowsOf(path.join(folder, "data_output"), "latest_user_mappings.csv").map((row) => row.split(",")[0])
      assert.lengthOf(names(), 3)
      assert.notIncludeMembers(names(), ["member_1"])
      const user = await lb(folder, ["user", "member_1", "--source", "sandbox", "--quiet"], skip)
      assert.strictEqual(user.code, 0, user.err)
      assert.include(names(), "member_1")
      const wrong = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--skip", "davee,"])
      assert.strictEqual(wrong.code, 1)
      assert.include(wrong.err, "--skip must be member names separated by commas")
    }),
    60_000
  )
})
