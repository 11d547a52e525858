import { assert, describe, it } from "@effect/vitest"
import { Sandbox, type World } from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { inEmptyFolder, lb } from "./Lb.ts"

type Lists = Readonly<Record<string, Readonly<Record<number, number>>>>

const worldOf = (lists: Lists): World => ({
  members: Object.entries(lists).map(([username, films]) => ({
    username,
    displayName: username,
    state: "public",
    films: Object.entries(films).map(([id, rating]) => ({
      film: { id: Number(id), slug: `film-${id}`, title: `Film ${id}`, year: 2000 },
      rating
    }))
  }))
})

const first: Lists = { ann: { 1: 4, 2: 3, 3: 0.5 }, bob: { 1: 5 } }
const second: Lists = { ann: { 1: 4, 2: 3.5, 4: 2 }, bob: { 1: 5 } }
const third: Lists = { ann: { 1: 4, 2: 3.5, 4: 2, 5: 1 }, bob: { 1: 5 } }

/** SOURCE_DATE_EPOCH of a day of March 2026. */
const onDay = (day: number) => ({ SOURCE_DATE_EPOCH: String(Date.UTC(2026, 2, day, 12) / 1000) })

describe("the history of a dataset", () => {
  it(
    "begins when a member is read again, and tells what the dataset was on any day",
    inEmptyFolder((folder) =>
      Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const site = yield* Sandbox.make({ world: worldOf(first) })
            const lbOn = (day: number, ...args: ReadonlyArray<string>) =>
              Effect.promise(async () => {
                const ended = await lb(folder, args, onDay(day))
                assert.strictEqual(ended.code, 0, ended.out + ended.err)
                return ended.out
              })
            const files = (name: string) => fs.readdirSync(path.join(folder, name))
            const ratings = (name: string) =>
              fs
                .readFileSync(path.join(folder, name, "latest_translated_user_ratings.csv"), "utf8")
                .trimEnd()
                .split("\n")
                .slice(1)
                .toSorted()
            const args = ["--base-url", site.url, "--rate", "unlimited", "--quiet"]
            for (const storage of ["csv", "sqlite", "parquet"]) {
              const data = ["--storage", storage, "--out", storage]
              yield* site.become(worldOf(first))
              yield* lbOn(1, "run", "--mode", "new", ...args, ...data)
              if (storage === "csv") assert.notInclude(files("csv"), "readings.csv")
              yield* site.become(worldOf(second))
              yield* lbOn(5, "user", "ann", ...args, ...data)
              const layout = [
                "--from",
                storage,
                "--out",
                storage,
                "--to",
                "jsonl",
                "--into",
                `${storage}-rows`,
                "--yes"
              ]
              const card = () => fs.readFileSync(path.join(folder, `${storage}-rows`, "DATA_CARD.md"), "utf8")
              yield* lbOn(6, "export", ...layout)
              assert.include(card(), "| changes recorded |")
              assert.notInclude(card(), "since the last export")
              yield* site.become(worldOf(third))
              yield* lbOn(9, "user", "ann", ...args, ...data)
              yield* lbOn(9, "verify", ...data)
              yield* lbOn(10, "export", ...layout)
              assert.include(
                card(),
                "| changes since the last export here | 1 in 1 reading since 2026-03-05T12:00:00.000Z |"
              )

              const then = (day: string, into: string) =>
                lbOn(10, "export", "--from", storage, "--out", storage, "--to", "csv", "--as-of", day, "--into", into)
              yield* then("2026-03-04", `${storage}-4`)
              yield* then("2026-03-05", `${storage}-5`)
              yield* then("2026-03-09T11:59Z", `${storage}-8`)
              yield* then("2026-03-09", `${storage}-9`)
              assert.deepStrictEqual(ratings(`${storage}-4`), [
                "ann,Film 1 (2000),4.0",
                "ann,Film 2 (2000),3.0",
                "ann,Film 3 (2000),0.5",
                "bob,Film 1 (2000),5.0"
              ])
              const afterSecond = [
                "ann,Film 1 (2000),4.0",
                "ann,Film 2 (2000),3.5",
                "ann,Film 4 (2000),2.0",
                "bob,Film 1 (2000),5.0"
              ]
              assert.deepStrictEqual(ratings(`${storage}-5`), afterSecond)
              assert.deepStrictEqual(ratings(`${storage}-8`), afterSecond)
              assert.deepStrictEqual(ratings(`${storage}-9`), [
                ...afterSecond.slice(0, 3),
                "ann,Film 5 (2000),1.0",
                ...afterSecond.slice(3)
              ])
              assert.include(
                fs.readFileSync(path.join(folder, `${storage}-4`, "DATA_CARD.md"), "utf8"),
                "The dataset as it was at 2026-03-04T23:59:59.999Z"
              )
              yield* lbOn(10, "verify", "--out", `${storage}-4`)

              assert.deepStrictEqual((yield* lbOn(10, "log", ...data)).trimEnd().split("\n"), [
                "2026-03-01T12:00:00.000Z  2 members read (2 complete)",
                "2026-03-05T12:00:00.000Z  1 member read (1 complete), 1 rating added, 1 changed, 1 removed",
                "2026-03-09T12:00:00.000Z  1 member read (1 complete), 1 rating added"
              ])
              assert.deepStrictEqual((yield* lbOn(10, "log", "@Ann", ...data)).trimEnd().split("\n"), [
                "2026-03-01T12:00:00.000Z  ann: complete, 3 ratings",
                "2026-03-05T12:00:00.000Z  ann: complete, 3 ratings, 1 rating added, 1 changed, 1 removed",
                "    ~ Film 2 (2000): 3.0 → 3.5",
                "    + Film 4 (2000): 2.0",
                "    - Film 3 (2000): 0.5",
                "2026-03-09T12:00:00.000Z  ann: complete, 4 ratings, 1 rating added",
                "    + Film 5 (2000): 1.0"
              ])
              const json = (yield* lbOn(10, "log", "ann", "--json", ...data)).trimEnd().split("\n")
              assert.deepInclude(JSON.parse(json[1] ?? ""), { added: 1, changed: 1, removed: 1, ratings: 3 })
            }
            const early = yield* Effect.promise(() =>
              lb(folder, ["export", "--out", "csv", "--to", "jsonl", "--as-of", "2026-02-28"], {})
            )
            assert.strictEqual(early.code, 1)
            assert.include(early.err, "no member had been read at 2026-02-28T23:59:59.999Z")
            const wrong = yield* Effect.promise(() =>
              lb(folder, ["export", "--out", "csv", "--to", "jsonl", "--as-of", "2026-02-31"], {})
            )
            assert.strictEqual(wrong.code, 1)
            assert.include(wrong.err, "must be a day, such as 2026-03-01")
            const unknown = yield* Effect.promise(() => lb(folder, ["log", "nobody", "--out", "csv"], {}))
            assert.strictEqual(unknown.code, 1)
          })
        )
      )
    ),
    120_000
  )
})
