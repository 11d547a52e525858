/** The program of docs/library.md, as somebody runs it who does without the command. */
import { assert, describe, it } from "@effect/vitest"
import { generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect, Schedule } from "effect"
import { build } from "esbuild"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inEmptyFolder, rowsOf, start } from "./Lb.ts"

const page = fs.readFileSync(new URL("../../../docs/library.md", import.meta.url), "utf8")
const defaults = "LetterboxdSource.layer(LetterboxdSource.defaults)"
const policy = "HttpPolicy.layer(HttpPolicy.defaults)"

/** The page's program, asking the sandbox instead of the site, as fast as it answers. */
const programFor = (url: string): string => {
  const program = [...page.matchAll(/^```ts\n(?<program>.*?)^```$/gmsu)]
    .map(({ groups }) => groups?.["program"] ?? "")
    .find((one) => one.includes(defaults))
  assert.include(program, policy)
  return (program ?? "")
    .replace(defaults, `LetterboxdSource.layer({ ...LetterboxdSource.defaults, baseUrl: "${url}" })`)
    .replace(policy, "HttpPolicy.layer({ ...HttpPolicy.defaults, requestsPerSecond: Infinity, maxRetries: 1 })")
}

const bundled = async (url: string, name: string): Promise<string> => {
  const bin = fileURLToPath(new URL(`../node_modules/.cache/${name}-${process.pid}.mjs`, import.meta.url))
  await build({
    stdin: {
      contents: programFor(url),
      resolveDir: path.dirname(fileURLToPath(import.meta.url)),
      loader: "ts"
    },
    outfile: bin,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@letterboxd-ratings/source"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
    },
    logLevel: "error"
  })
  return bin
}

describe("the program of docs/library.md", () => {
  it(
    "says why it stopped, and fails",
    inEmptyFolder(async (folder) => {
      const bin = await bundled("http://127.0.0.1:1", "stopped")
      try {
        const { code, err, out } = await start(folder, [], {}, bin).ended
        assert.strictEqual(code, 1)
        assert.include(out + err, "0 ratings")
        assert.match(out + err, /ERROR.*127\.0\.0\.1:1/su)
      } finally {
        fs.rmSync(bin, { force: true })
      }
    }),
    120_000
  )

  it(
    "lets no second process in while the first is at work, and the next one after it",
    inEmptyFolder(async (folder) => {
      const world = generateWorld({ members: 10, mostFilms: 100 })
      await Effect.runPromise(
        Effect.scoped(
          Effect.flatMap(Sandbox.make({ world, behaviour: { latencyMillis: 2_500 } }), (site) =>
            Effect.promise(async () => {
              const bin = await bundled(site.url, "library")
              try {
                const first = start(folder, [], {}, bin)
                // The dataset is open before anything is asked of the site.
                await Effect.runPromise(
                  Effect.repeat(site.totalRequests, {
                    until: (requests) => requests > 0,
                    schedule: Schedule.spaced("10 millis")
                  })
                )
                const second = await start(folder, [], {}, bin).ended
                assert.strictEqual(second.code, 1)
                assert.include(
                  second.out + second.err,
                  `in use by process ${first.process.pid} on ${os.hostname()} since`
                )
                await Effect.runPromise(site.behave({ latencyMillis: 0 }))
                const { code, err, out } = await first.ended
                assert.strictEqual(code, 0, err)
                const rows = rowsOf(path.join(folder, "ratings"), "latest_raw_user_ratings.csv").length
                assert.include(out + err, `${rows} ratings`)
                const third = await start(folder, [], {}, bin).ended
                assert.include(third.out + third.err, "a dataset already exists")
              } finally {
                fs.rmSync(bin, { force: true })
              }
            })
          )
        )
      )
    }),
    120_000
  )
})
