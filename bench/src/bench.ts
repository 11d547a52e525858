/**
 * All benchmarks, behind one command: `pnpm bench [NAME...]`.
 */
import { Command } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { adoptAtScale } from "./adoptAtScale.ts"
import type { Benchmark } from "./Benchmark.ts"
import { benchCommand } from "./BenchCommand.ts"
import { commitAtScale } from "./commitAtScale.ts"
import { importFiles } from "./importFiles.ts"
import { intoStorages } from "./intoStorages.ts"
import { parseAPage } from "./parseAPage.ts"
import { readTheSite } from "./readTheSite.ts"
import { refreshAtScale } from "./refreshAtScale.ts"
import { refreshAYear } from "./refreshAYear.ts"
import { startUp } from "./startUp.ts"
import { waitForTheSite } from "./waitForTheSite.ts"
import { wholeDataset } from "./wholeDataset.ts"

// In the order in which they are run.
const benchmarks = {
  startUp,
  parseAPage,
  readTheSite,
  waitForTheSite,
  commitAtScale,
  wholeDataset,
  intoStorages,
  importFiles,
  adoptAtScale,
  refreshAtScale,
  refreshAYear
} satisfies Readonly<Record<string, Benchmark>>

Command.run(benchCommand(benchmarks), { name: "pnpm bench", version: "of this repository" })(process.argv).pipe(
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain
)
