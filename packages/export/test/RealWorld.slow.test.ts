import { assert, describe, it } from "@effect/vitest"
import { type ExportFormat, kaggle, movieLens, recBole, type Split } from "@letterboxd-ratings/export"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { exported, type Lists } from "./ExportedLists.ts"
import { absentFor, realLists } from "./RealRatings.ts"

const program = fileURLToPath(new URL("layouts.py", import.meta.url))
const absent = absentFor("numpy")

const random: Split = { _tag: "random", share: 0.1 }
const exportsOf: ReadonlyArray<readonly [name: string, format: ExportFormat, split?: Split]> = [
  ["movielens", movieLens],
  ["kaggle", kaggle],
  ["random", movieLens, random],
  ["recbole", recBole, random],
  ["leave-one-out", movieLens, { _tag: "leave-one-out" }]
]

describe.skipIf(absent !== "")(`729k real ratings${absent}`, () => {
  it.effect(
    "are read back by a strict reader in another language, which splits them the same way",
    () =>
      Effect.gen(function* () {
        const lists = new Map<string, Map<number, { readonly stars: number | undefined; readonly day: undefined }>>()
        for (const { film, member, stars } of realLists()) {
          const list =
            lists.get(member) ?? new Map<number, { readonly stars: number | undefined; readonly day: undefined }>()
          lists.set(member, list)
          list.set(Number(film), { stars: stars === undefined ? undefined : stars * 2, day: undefined })
        }
        const all: Lists = [...lists.values()]
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-layouts-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
        const rows = all.flatMap((list, i) =>
          Array.from(list).flatMap(([film, { stars }]) => (stars === undefined ? [] : [`${i + 1} ${film} ${stars}\n`]))
        )
        fs.writeFileSync(path.join(folder, "ratings"), rows.join(""))
        for (const [name, format, split] of exportsOf) {
          const preparation = split === undefined ? {} : { preparation: { split, seed: "a-seed" } }
          const files = yield* exported(all, format, { keeps: [], ...preparation })
          fs.mkdirSync(path.join(folder, name))
          for (const [file, text] of files) fs.writeFileSync(path.join(folder, name, file), text)
        }
        assert.strictEqual(
          fs.readFileSync(path.join(folder, "kaggle/ratings.csv"), "utf8"),
          fs.readFileSync(path.join(folder, "movielens/ratings.csv"), "utf8")
        )
        const python = spawnSync("python3", [program, folder, "a-seed"], { encoding: "utf8" })
        assert.strictEqual(python.status, 0, python.stderr)
        const [ratings, films, test, valid, leftOut] = python.stdout.trim().split(" ").map(Number)
        assert.deepStrictEqual([ratings, leftOut], [728_836, lists.size])
        assert.isAbove(films ?? 0, 7000)
        assert.closeTo((test ?? 0) / 728_836, 0.1, 0.002)
        assert.closeTo((valid ?? 0) / 728_836, 0.09, 0.002)
      }).pipe(Effect.scoped),
    120_000
  )
})
