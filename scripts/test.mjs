/**
 * Runs every package's tests through turbo (what has not changed comes from its cache, reports included) and ends
 * with the totals over all packages. Each day runs some of the slow suites, and each of them a sample of its cases
 * (`LB_TESTS_SEED` chooses others); `--full` runs all of them. Other arguments go to turbo.
 */
import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"

const isFull = process.argv.includes("--full") || process.env.LB_TESTS === "full"
const seed = process.env.LB_TESTS_SEED ?? `${Math.floor(Date.now() / 86_400_000)}`
const reportNames = { test: "test-report.json", "test:slow": "test-report.slow.json" }

/** A suite is chosen once in so many days. Suites next to each other in a package have their turns on different days. */
const daysBetween = 5

const folders = ["bench", "fixtures", ...readdirSync("packages").map((name) => `packages/${name}`)].filter((folder) =>
  existsSync(join(folder, "package.json"))
)
const slowSuites = folders.flatMap((folder) =>
  (existsSync(join(folder, "test")) ? readdirSync(join(folder, "test")) : [])
    .filter((name) => name.endsWith(".slow.test.ts"))
    .toSorted()
    .map((name) => `${folder}/test/${name}`)
)
const chosen = slowSuites.filter((_, i) => isFull || (i + Number(seed)) % daysBetween === 0)

const reports = folders.flatMap((folder) => {
  const { name, scripts = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  return Object.entries(reportNames)
    .filter(([task]) => task in scripts)
    .map(([task, file]) => ({
      folder,
      task: `${name}#${task}`,
      file: join(folder, file),
      isRun: task === "test" || chosen.some((suite) => suite.startsWith(`${folder}/`))
    }))
})
for (const { file } of reports) rmSync(file, { force: true })

process.stdout.write(
  isFull
    ? "Slow suites are run in full.\n"
    : `${chosen.length} of ${slowSuites.length} slow suites are run, seed ${seed}; pnpm test:full runs all:\n${chosen.map((suite) => `  ${suite}\n`).join("")}`
)

/** Runs tasks with so many of them at once, and ends with the exit code. */
const turbo = (tasks, concurrency) =>
  new Promise((resolve, reject) => {
    const args = ["run", ...tasks, `--concurrency=${concurrency}`, "--continue", "--output-logs=full"]
    const more = process.argv.slice(2).filter((argument) => argument !== "--full")
    const env = {
      ...process.env,
      LB_TESTS: isFull ? "full" : "sample",
      LB_TESTS_SEED: isFull ? "0" : seed,
      ...(isFull ? {} : { LB_SLOW_SUITES: chosen.join(","), LB_SLOW_TURN: `${Math.floor(Number(seed) / daysBetween)}` })
    }
    spawn(process.execPath, [join("scripts", "turbo.mjs"), ...args, ...more], { stdio: "inherit", env })
      .on("error", reject)
      .on("close", (code) => resolve(code ?? 1))
  })

// The command's tests take longest and mostly wait for processes, so the others run beside them. More at once would
// only make tests that look at the clock wait for each other.
const tasks = reports.filter(({ isRun }) => isRun)
const isOfCommand = ({ folder }) => folder === "packages/cli"
const codes = await Promise.all([
  turbo(
    tasks.filter(isOfCommand).map(({ task }) => task),
    1
  ),
  turbo(
    tasks.filter((one) => !isOfCommand(one)).map(({ task }) => task),
    2
  )
])

let passed = 0
let failed = 0
let skipped = 0
for (const { file, task } of tasks) {
  if (!existsSync(file)) {
    process.stderr.write(`no report of ${task} was written\n`)
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
process.exitCode = codes.every((code) => code === 0) && failed === 0 ? 0 : 1
