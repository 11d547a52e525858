import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { UsernameFromText } from "@letterboxd-ratings/core"
import { harOf, savedHtmlOf, type SavedResponse, waczOf, warcOf } from "@letterboxd-ratings/fixtures"
import { judgeFilmsResponse, judgeMembersResponse, partFromVerdict } from "@letterboxd-ratings/letterboxd-source"
import { readHar, readSavedHtml, readWacz, readWarc, type SavedRecord } from "@letterboxd-ratings/letterboxd-import"
import { Chunk, Effect, Schema, Stream } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { candidates, itemsOf, membersIn, modifiedAt, only, partsOf } from "./SavedInputs.ts"

const folder = fileURLToPath(new URL("../../../../shared/pages/", import.meta.url))
const isAbsent = !fs.existsSync(folder)
const files = isAbsent ? [] : fs.readdirSync(folder).filter((file) => file.endsWith(".html"))
const member = Schema.decodeSync(UsernameFromText)("member01")
const at = Date.UTC(2026, 9, 1)

const responseOf = (file: string): SavedResponse => ({
  url: /^(?:members|people)/u.test(file)
    ? "https://letterboxd.com/members/popular/this/week/"
    : "https://letterboxd.com/member01/films/",
  status: 200,
  headers: { "content-type": "text/html;charset=UTF-8" },
  body: fs.readFileSync(path.join(folder, file), "utf8"),
  at
})

const onlyCapture = (records: Stream.Stream<SavedRecord, unknown>) =>
  Effect.map(Stream.runCollect(records), (all) =>
    only(Chunk.toReadonlyArray(all).flatMap((record) => (record._tag === "Captured" ? [record.capture] : [])))
  )

describe.skipIf(isAbsent)(`real pages${isAbsent ? " (skipped: there is no ../shared/pages here)" : ""}`, () => {
  it.scoped.each(files)("%s, saved in each way, gets the verdict that it gets live", (file) =>
    Effect.gen(function* () {
      const live = responseOf(file)
      const isMembers = live.url.includes("/members/")
      const judge = (body: string) => {
        const response = { ...live, body, now: at }
        return isMembers
          ? judgeMembersResponse(response)
          : judgeFilmsResponse({ username: member, page: 1, listing: "films" }, response)
      }
      const expected = judge(live.body)
      const isWanted = (url: string) => url === live.url
      const warc = yield* Effect.promise(() => warcOf([live], { encodings: ["chunked-gzip"] }))
      const [wacz] = yield* candidates({
        "a.wacz": yield* Effect.promise(() => waczOf({ "a.warc.gz": warc }))
      })
      const ways = {
        har: readHar("a.har", Stream.make(Buffer.from(harOf([live]))), isWanted),
        base64: readHar("a.har", Stream.make(Buffer.from(harOf([live], { base64: true }))), isWanted),
        warc: readWarc("a.warc.gz", Stream.make(warc), isWanted),
        wacz: Stream.provideLayer(readWacz(wacz?.path ?? "", isWanted), NodeContext.layer)
      }
      for (const [way, records] of Object.entries(ways)) {
        const capture = yield* onlyCapture(records)
        assert.strictEqual(capture.body, live.body, way)
        assert.deepStrictEqual(judge(capture.body), expected, way)
      }
      for (const form of ["complete", "plain", "single-file"] as const) {
        const html = Stream.make(Buffer.from(savedHtmlOf(live, form)))
        const capture = yield* onlyCapture(readSavedHtml("a.html", html, modifiedAt))
        const verdict = judge(capture.body)
        // A page that is cut before its footer is not taken for a whole one when SingleFile left out its end.
        if (form === "single-file" && !live.body.includes("<footer")) assert.strictEqual(verdict._tag, "Truncated")
        // Its words are about what is not there.
        else if (verdict._tag === "MarkupChanged") assert.strictEqual(verdict._tag, expected._tag)
        else assert.deepStrictEqual(verdict, expected, form)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a films page gives the same part as live", () =>
    Effect.gen(function* () {
      const live = responseOf("films-modern-2025-11.html")
      const verdict = judgeFilmsResponse({ username: member, page: 1, listing: "films" }, { ...live, now: at })
      const { list } = only(membersIn(yield* itemsOf(yield* candidates({ "a.har": harOf([live]) }))))
      assert.deepStrictEqual(
        JSON.parse(JSON.stringify(only(partsOf(list)))),
        JSON.parse(
          JSON.stringify(
            partFromVerdict({ source: "saved-pages", url: live.url, username: member, number: 1 }, verdict)
          )
        )
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
