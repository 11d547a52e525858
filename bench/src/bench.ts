/**
 * All benchmarks, behind one command: `pnpm bench [name ...]`. They print ratios measured in one run, on one machine.
 */
import { adoptAtScale } from "./adoptAtScale.ts"
import { commitAtScale } from "./commitAtScale.ts"
import { exportAtScale } from "./exportAtScale.ts"
import { exportIntoStorages } from "./exportIntoStorages.ts"
import { importFiles } from "./importFiles.ts"
import { intoStorages } from "./intoStorages.ts"
import { parseAPage } from "./parseAPage.ts"
import { refreshAtScale } from "./refreshAtScale.ts"
import { refreshAYear } from "./refreshAYear.ts"
import { lookAtScale } from "./lookAtScale.ts"
import { reportAtScale } from "./reportAtScale.ts"
import { startUp } from "./startUp.ts"
import { waitForTheSite } from "./waitForTheSite.ts"

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  startUp,
  parseAPage,
  waitForTheSite,
  commitAtScale,
  adoptAtScale,
  exportAtScale,
  exportIntoStorages,
  lookAtScale,
  reportAtScale,
  intoStorages,
  importFiles,
  refreshAtScale,
  refreshAYear
}
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name))
if (unknown.length > 0) {
  process.stderr.write(`Unknown: ${unknown.join(", ")}. Known: ${Object.keys(benchmarks).join(", ")}.\n`)
  process.exitCode = 1
} else {
  for (const [name, run] of Object.entries(benchmarks)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    process.stdout.write(`\n${name}\n`)
    await run()
  }
}
