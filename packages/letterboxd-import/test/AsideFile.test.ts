import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { asideColumns, asideFileName, asideIn } from "@letterboxd-ratings/letterboxd-import"
import { Effect } from "effect"

const header = `${asideColumns.join(",")}\n`

layer(NodeContext.layer)("the file of ratings without a film number", (it) => {
  for (const [what, text, stays] of [
    ["what an import left that was killed", `${header}ann,x,1.0,table,2026-01-01T00:00:00.000Z\n`, false],
    ["what an import left that was killed at its header", header.slice(0, 9), false],
    ["a file of somebody else", "mine\n", true]
  ] as const) {
    it.scoped(`an import without such ratings ${stays ? "leaves" : "removes"} ${what}`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const folder = yield* fs.makeTempDirectoryScoped()
        const unfinished = path.join(folder, `${asideFileName}.new`)
        yield* fs.writeFileString(unfinished, text)
        const aside = yield* asideIn(folder)
        yield* aside.finish
        assert.strictEqual(yield* fs.exists(unfinished), stays)
      })
    )
  }
})
