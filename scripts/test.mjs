/**
 * Runs every package's tests through turbo (what has not changed comes from its cache, reports included) and ends
 * with the totals over all packages. Arguments go to turbo.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"

const folders = ["fixtures", ...readdirSync("packages").map((name) => join("packages", name))].filter((folder) =>
  existsSync(join(folder, "vitest.config.ts"))
)
const reportOf = (folder) => join(folder, "test-report.json")
for (const folder of folders) rmSync(reportOf(folder), { force: true })

// More at once would only make tests that look at the clock wait for each other.
const turbo = spawnSync(
  process.execPath,
  [
    join("scripts", "turbo.mjs"),
    "run",
    "test",
    "--concurrency=2",
    "--continue",
    "--output-logs=full",
    ...process.argv.slice(2)
  ],
  {
    stdio: "inherit"
  }
)

let passed = 0
let failed = 0
let skipped = 0
for (const folder of folders) {
  if (!existsSync(reportOf(folder))) {
    process.stderr.write(`${folder}: no test report was written\n`)
    failed += 1
    continue
  }
  const report = JSON.parse(readFileSync(reportOf(folder), "utf8"))
  passed += report.numPassedTests
  failed += report.numFailedTests
  skipped += report.numPendingTests + report.numTodoTests
  // A file that breaks before its first test counts no failed test.
  if (!report.success && report.numFailedTests === 0) failed += 1
  for (const { assertionResults, name } of report.testResults) {
    for (const test of assertionResults) {
      if (test.status === "pending" || test.status === "skipped")
        process.stdout.write(`skipped: ${name}: ${test.fullName}\n`)
    }
  }
}
process.stdout.write(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`)
process.exitCode = turbo.status === 0 && failed === 0 ? 0 : 1
