/**
 * The screen of a Node process.
 *
 * @since 0.1.0
 */
import { Effect, Layer } from "effect"
import { createInterface } from "node:readline"
import { Screen } from "./Screen.ts"

const write = (stream: NodeJS.WriteStream, text: string): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    stream.write(text, () => resume(Effect.void))
  })

/**
 * Lets the process end with 1 instead of 0 when a stream fails: whoever was to read it has less than was said. It does so
 * once, since what comes after the first failure follows from it.
 */
const watch = (stream: NodeJS.WriteStream, name: string): void => {
  let hasFailed = false
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (hasFailed) return
    hasFailed = true
    // Whoever reads our output may go away before its end (`lb run | head`); that is no failure of ours.
    if (error.code === "EPIPE") return
    process.exitCode = 1
    if (stream !== process.stderr) {
      process.stderr.write(
        `Not all of the output could be written to ${name} (${error.message}). Make room, or send it elsewhere, and ask again.\n`
      )
    }
  })
}

/** How many letters a line of a file or a pipe holds, which have no width. */
const usualWidth = 80

/** Asks a person, who may also end the command instead (Ctrl-C), or the input (Ctrl-D), which is no answer. */
const ask = (question: string): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr })
    const end = (result: Effect.Effect<boolean>) => {
      resume(result)
      lines.close()
    }
    lines.once("SIGINT", () => end(Effect.interrupt))
    lines.once("close", () => resume(Effect.succeed(false)))
    lines.question(`${question} [y/N] `, (answer) => end(Effect.succeed(/^y(?:es)?$/iu.test(answer.trim()))))
    return Effect.sync(() => lines.close())
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Screen> = Layer.sync(Screen, () => {
  watch(process.stdout, "standard output")
  watch(process.stderr, "standard error")
  const canMove = process.stderr.isTTY && process.env["TERM"] !== "dumb"
  return Screen.of({
    out: (text) => write(process.stdout, text),
    err: (text) => write(process.stderr, text),
    width: Effect.sync(() => (process.stdout.isTTY ? process.stdout.columns : usualWidth)),
    ask: (question) => (process.stdin.isTTY && process.stderr.isTTY ? ask(question) : Effect.succeed(false)),
    columns: Effect.sync(() => (canMove ? process.stderr.columns : undefined))
  })
})
