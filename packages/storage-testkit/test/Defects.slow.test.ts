import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import * as path from "node:path"
import { isFull } from "../../../vitest.sample.ts"

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

/** What a run over the defective sources prints. */
const printed = Effect.async<string>((resume) => {
  const child = execFile(
    process.execPath,
    [path.resolve("node_modules/vitest/vitest.mjs"), "run", "--config", "test/defective/vitest.config.ts"],
    { encoding: "utf8", maxBuffer: 2 ** 28, env: { ...process.env, NO_COLOR: "1" } },
    // It fails, as it should.
    (_, stdout) => resume(Effect.succeed(stdout))
  )
  return Effect.sync(() => child.kill())
})

it.live(
  "the kit finds every source with a defect, and every test of it finds one",
  () =>
    Effect.gen(function* () {
      const stdout = yield* printed
      const { testResults } = yield* Schema.decode(Report)(stdout.slice(stdout.indexOf("{")))
      const failures = new Map<string, Array<string>>()
      const tests = new Set<string>()
      for (const {
        ancestorTitles: [suite = ""],
        status,
        title
      } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
        const failed = failures.get(suite) ?? []
        failures.set(suite, failed)
        tests.add(title)
        if (status !== "passed") failed.push(title)
      }
      const [left] = /^sampled .*$/mu.exec(stdout) ?? []
      if (left !== undefined) process.stdout.write(`${left}\n`)
      assert.isAtLeast(failures.size, isFull ? 60 : 10)
      assert.deepStrictEqual(
        [...failures].filter(([, failed]) => failed.length === 0).map(([suite]) => suite),
        ["has no defect"]
      )
      // What fails everything would be found by any test at all.
      assert.deepStrictEqual(
        [...failures].filter(([, failed]) => failed.length === tests.size).map(([suite]) => suite),
        []
      )
      // A sample has no defect for some tests of the suite.
      if (!isFull) return
      const finders = new Set([...failures.values()].flat())
      assert.deepStrictEqual(
        [...tests].filter((title) => !finders.has(title)),
        []
      )
    }),
  600_000
)
