/**
 * The process: layers, signals, and the exit code.
 */
import { CliConfig } from "@effect/cli"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import packageJson from "../package.json" with { type: "json" }
import { CommandEnded } from "./ExitCode.ts"
import { lb } from "./lb.ts"
import * as NodeScreen from "./NodeScreen.ts"
import { Environment } from "./options/Settings.ts"

const services = Layer.mergeAll(
  NodeContext.layer,
  NodeScreen.layer,
  CliConfig.layer({ showBuiltIns: false }),
  Layer.succeed(Environment, Environment.of({ variables: process.env }))
)

/** The two words before the arguments stand for the program, as in `process.argv`. */
const args = process.argv.length > 2 ? process.argv : [...process.argv, "--help"]

const program = lb(packageJson.version)(args).pipe(
  Effect.tapErrorCause((cause) =>
    Cause.isDie(cause)
      ? Effect.sync(() => {
        process.stderr.write(
          `This is a fault of lb itself, please report it. What was committed is safe.\n${Cause.pretty(cause)}\n`
        )
      })
      : Effect.void
  ),
  Effect.provide(services)
)

NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  disablePrettyLogger: true,
  teardown: (exit, onExit) => {
    if (Exit.isSuccess(exit)) return onExit(0)
    if (Cause.isInterruptedOnly(exit.cause)) return onExit(130)
    const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
    onExit(failure instanceof CommandEnded ? failure.code : 1)
  }
})
