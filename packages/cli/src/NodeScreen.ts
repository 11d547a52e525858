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
 * Makes the process end with 1 instead of 0 when a stream fails, because part of the output is lost. Later failures of the
 * stream follow from the first one and are ignored.
 */
const watch = (stream: NodeJS.WriteStream, name: string): void => {
  let hasFailed = false
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (hasFailed) return
    hasFailed = true
    // The reader may close the pipe early (`lb run | head`); that is not an error.
    if (error.code === "EPIPE") return
    process.exitCode = 1
    if (stream !== process.stderr) {
      process.stderr.write(
        `Part of the output could not be written to ${name} (${error.message}). Free some space or write it elsewhere, and try again.\n`
      )
    }
  })
}

/** The line width for files and pipes, which have none. */
const usualWidth = 80

/** Asks the user for a line. Ctrl-C ends the command; Ctrl-D counts as an empty line. */
const askLine = (question: string): Effect.Effect<string> =>
  Effect.async((resume) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr })
    const end = (result: Effect.Effect<string>) => {
      resume(result)
      lines.close()
    }
    lines.once("SIGINT", () => end(Effect.interrupt))
    lines.once("close", () => resume(Effect.succeed("")))
    lines.question(question, (line) => end(Effect.succeed(line.trim())))
    return Effect.sync(() => lines.close())
  })

const ask = (question: string): Effect.Effect<boolean> =>
  Effect.map(askLine(`${question} [y/N] `), (line) => /^y(?:es)?$/iu.test(line))

const answer = (question: string, fallback: string): Effect.Effect<string> =>
  Effect.map(askLine(`${question} [${fallback}] `), (line) => (line === "" ? fallback : line))

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Screen> = Layer.sync(Screen, () => {
  watch(process.stdout, "standard output")
  watch(process.stderr, "standard error")
  const canAsk = process.stdin.isTTY && process.stderr.isTTY
  // What CI keeps is read later, as a file.
  const isCi = !["", "0", "false"].includes((process.env["CI"] ?? "").toLowerCase())
  const canMove = process.stderr.isTTY && process.env["TERM"] !== "dumb" && !isCi
  return Screen.of({
    out: (text) => write(process.stdout, text),
    err: (text) => write(process.stderr, text),
    width: Effect.sync(() => (process.stdout.isTTY ? process.stdout.columns : usualWidth)),
    ask: (question) => (canAsk ? ask(question) : Effect.succeed(false)),
    answer: (question, fallback) => (canAsk ? answer(question, fallback) : Effect.succeed(fallback)),
    columns: Effect.sync(() => (canMove ? process.stderr.columns : undefined))
  })
})
