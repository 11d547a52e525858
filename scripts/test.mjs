/**
 * Runs every package's tests through turbo (what has not changed comes from its cache, reports included) and ends
 * with the totals over all packages. Slow suites are run in a sample that changes from day to day (`LB_TESTS_SEED`
 * chooses another one); `--full` runs all of them. Other arguments go to turbo.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"

const isFull = process.argv.includes("--full") || process.env.LB_TESTS === "full"
const seed = process.env.LB_TESTS_SEED ?? `${Math.floor(Date.now() / 86_400_000)}`
const reportNames = { test: "test-report.json", "test:slow": "test-report.slow.json" }

const reports = ["fixtures", ...readdirSync("packages").map((name) => join("packages", name))]
  .filter((folder) => existsSync(join(folder, "package.json")))
  .flatMap((folder) => {
    const { scripts = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    return Object.entries(reportNames)
      .filter(([task]) => task in scripts)
      .map(([task, name]) => ({ folder, task, file: join(folder, name) }))
  })
for (const { file } of reports) rmSync(file, { force: true })

process.stdout.write(
  isFull
    ? "Slow suites are run in full.\n"
    : `Slow suites are run in a sample, seed ${seed}; pnpm test:full runs all.\n`
)
// More at once would only make tests that look at the clock wait for each other.
const turbo = spawnSync(
  process.execPath,
  [
    join("scripts", "turbo.mjs"),
    "run",
    ...Object.keys(reportNames),
    "--concurrency=2",
    "--continue",
    "--output-logs=full",
    ...process.argv.slice(2).filter((argument) => argument !== "--full")
  ],
  {
    stdio: "inherit",
    env: { ...process.env, LB_TESTS: isFull ? "full" : "sample", LB_TESTS_SEED: isFull ? "0" : seed }
  }
)

let passed = 0
let failed = 0
let skipped = 0
for (const { file, folder, task } of reports) {
  if (!existsSync(file)) {
    process.stderr.write(`${folder}: no report of ${task} was written\n`)
    failed += 1
    continue
  }
  const report = JSON.parse(readFileSync(file, "utf8"))
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
