/**
 * All benchmarks, behind one command: `pnpm bench [NAME...]`.
 */
import { Command } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { benchCommand } from "./BenchCommand.ts"

Command.run(benchCommand, { name: "pnpm bench", version: "of this repository" })(process.argv).pipe(
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain
)
