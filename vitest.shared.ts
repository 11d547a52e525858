import { existsSync, readdirSync } from "node:fs"
import { basename } from "node:path"
import type { ConfigEnv, ViteUserConfig } from "vitest/config"
import { sample } from "./vitest.sample.ts"

/** The slow suites of the package that is tested: all, or a quarter of them, and on the next days the others. */
const slowSuites = (): ReadonlyArray<string> => {
  const files = existsSync("test") ? readdirSync("test").filter((name) => name.endsWith(".slow.test.ts")) : []
  const chosen = sample(`slow suites of ${basename(process.cwd())}`, files.toSorted(), Math.ceil(files.length / 4))
  return chosen.map((name) => `test/${name}`)
}

/**
 * What every package's tests have in common. The condition makes the packages of this workspace resolve to
 * their TypeScript sources, so that tests need no build and stack traces point at the code.
 *
 * `vitest` runs `*.test.ts`. `vitest --mode slow` runs `*.slow.test.ts`: what kills processes, goes through every
 * fault or needs the real world. `vitest.sample.ts` says how much of them is run. To run a certain one, set `LB_TESTS=full`.
 */
export const shared = ({ mode }: Pick<ConfigEnv, "mode">): ViteUserConfig => ({
  resolve: { conditions: ["@letterboxd-ratings/source"] },
  ssr: { resolve: { conditions: ["@letterboxd-ratings/source"] } },
  test: {
    include: mode === "slow" ? [...slowSuites()] : ["test/**/!(*.slow).test.ts"],
    passWithNoTests: false,
    reporters: ["default", "json"],
    outputFile: { json: mode === "slow" ? "test-report.slow.json" : "test-report.json" },
    pool: "forks",
    // Test files share the modules of their process. To load Effect for each file again takes a third of the time.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
