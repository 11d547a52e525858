/**
 * The command as a process: layers, signals, and the exit code.
 *
 * @since 0.1.0
 */
import { type NodeContext, NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import packageJson from "../package.json" with { type: "json" }
import { CommandEnded } from "./ExitCode.ts"
import { lb } from "./lb.ts"
import * as NodeScreen from "./NodeScreen.ts"
import { Environment } from "./options/Settings.ts"

/**
 * Runs `lb` as this process, on `platform`: the real one, or a failing one in tests.
 *
 * @since 0.1.0
 * @category constructors
 */
export const runAsProcess = (platform: Layer.Layer<NodeContext.NodeContext>): void => {
  const services = Layer.mergeAll(
    platform,
    NodeScreen.layer,
    Layer.succeed(Environment, Environment.of({ variables: process.env }))
  )
  const program = lb(packageJson.version, process.argv.slice(2)).pipe(
    Effect.tapErrorCause((cause) =>
      Cause.isDie(cause)
        ? Effect.sync(() => {
            process.stderr.write(
              `This is a bug in lb. Please report it. Committed data is safe.\n${Cause.pretty(cause)}\n`
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
}
