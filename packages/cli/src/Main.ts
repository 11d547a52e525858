/**
 * The command as a process: layers, signals, and the exit code.
 *
 * @since 0.1.0
 */
import type * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import packageJson from "../package.json" with { type: "json" }
import { CommandEnded } from "./ExitCode.ts"
import { lb } from "./lb.ts"
import * as NodeScreen from "./NodeScreen.ts"
import { Environment } from "./Environment.ts"
import { Screen } from "./Screen.ts"

/** What asks a process to end: Ctrl-C, a request of the system, a terminal that is closed. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** Interrupts whoever runs it when the terminal is closed. `runMain` does so at the other signals. */
const hangUp: Effect.Effect<never> = Effect.async((resume) => {
  const onSignal = () => resume(Effect.interrupt)
  process.once("SIGHUP", onSignal)
  return Effect.sync(() => process.off("SIGHUP", onSignal))
})

/**
 * Watches how the process ends. The first signal interrupts the command, which then says what was kept; a second one ends
 * it at once. A module of another author may end the process before the command is done: that is no success. Returns what
 * to call when the command is done.
 */
const watchEnd = (): (() => void) => {
  let isDone = false
  let signalsSeen = 0
  for (const signal of signals) {
    // Those that were there while this program was loaded.
    process.removeAllListeners(signal)
    process.on(signal, () => {
      signalsSeen += 1
      if (signalsSeen > 1) process.exit(130)
    })
  }
  process.on("exit", (code) => {
    if (isDone || code !== 0) return
    process.exitCode = 1
    process.stderr.write(
      "The process was ended before the command was done, by a module that it uses (process.exit). Committed data is safe.\n"
    )
  })
  return () => {
    isDone = true
  }
}

/**
 * The command with these words, without a process around it. A defect is told on the screen before it fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commandOf = (words: ReadonlyArray<string>) =>
  lb(packageJson.version, words).pipe(
    Effect.tapErrorCause((cause) =>
      Cause.isDie(cause)
        ? Effect.flatMap(Screen, (screen) =>
            screen.err(`This is a bug in lb. Please report it. Committed data is safe.\n${Cause.pretty(cause)}\n`)
          )
        : Effect.void
    )
  )

/**
 * The exit code of a command that ended.
 *
 * @since 0.1.0
 * @category constructors
 */
export const codeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.isInterruptedOnly(exit.cause)) return 130
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  return failure instanceof CommandEnded ? failure.code : 1
}

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
  const program = Effect.provide(commandOf(process.argv.slice(2)), services)
  const done = watchEnd()
  NodeRuntime.runMain(Effect.raceFirst(program, hangUp), {
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (exit, onExit) => {
      done()
      onExit(codeOf(exit))
    }
  })
}
