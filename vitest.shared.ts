import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import type { ConfigEnv, ViteUserConfig } from "vitest/config"

const here = relative(fileURLToPath(new URL(".", import.meta.url)), process.cwd())

/** The slow suites of the package that is tested: those that `pnpm test` chose for today, or all if it chose none. */
const slowSuites = (): ReadonlyArray<string> => {
  const chosen = process.env["LB_SLOW_SUITES"]
  if (chosen === undefined) return ["test/**/*.slow.test.ts"]
  return chosen.split(",").flatMap((file) => (file.startsWith(`${here}/`) ? [file.slice(here.length + 1)] : []))
}

/**
 * What every package's tests have in common. The condition makes the packages of this workspace resolve to
 * their TypeScript sources, so that tests need no build and stack traces point at the code.
 *
 * `vitest` runs `*.test.ts`. `vitest --mode slow` runs `*.slow.test.ts`: what kills processes, goes through every
 * fault or needs the real world. `scripts/test.mjs` chooses which of them are run on a day, and `vitest.sample.ts` how many of their cases.
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
