import type { ViteUserConfig } from "vitest/config"

/**
 * What every package's tests have in common. The condition makes the packages of this workspace resolve to
 * their TypeScript sources, so that tests need no build and stack traces point at the code.
 */
export const shared: ViteUserConfig = {
  resolve: { conditions: ["@letterboxd-ratings/source"] },
  ssr: { resolve: { conditions: ["@letterboxd-ratings/source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    passWithNoTests: false,
    reporters: ["default", "json"],
    outputFile: { json: "test-report.json" },
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
}
