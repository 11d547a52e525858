import { assert, it } from "@effect/vitest"
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import * as path from "node:path"

const Report = Schema.parseJson(
  Schema.Struct({
    testResults: Schema.Array(
      Schema.Struct({
        assertionResults: Schema.Array(
          Schema.Struct({ ancestorTitles: Schema.Array(Schema.String), status: Schema.String, title: Schema.String })
        )
      })
    )
  })
)

it("the kit finds every storage with a defect", () => {
  const vitest = path.resolve("node_modules/vitest/vitest.mjs")
  const { stdout } = spawnSync(process.execPath, [vitest, "run", "--config", "test/defective/vitest.config.ts"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, NO_COLOR: "1" }
  })
  const failures = new Map<string, number>()
  for (const { assertionResults } of Schema.decodeUnknownSync(Report)(stdout.slice(stdout.indexOf("{"))).testResults) {
    for (const {
      ancestorTitles: [suite = ""],
      status
    } of assertionResults) {
      failures.set(suite, (failures.get(suite) ?? 0) + (status === "failed" ? 1 : 0))
    }
  }
  assert.isAtLeast(failures.size, 15)
  assert.deepStrictEqual(
    [...failures].filter(([, count]) => count === 0).map(([suite]) => suite),
    []
  )
})
