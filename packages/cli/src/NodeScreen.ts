/**
 * The screen of a Node process.
 *
 * @since 0.1.0
 */
import { Effect, Layer } from "effect"
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
      process.stderr.write(`Not all of the output could be written to ${name} (${error.message}). Make room, or send it elsewhere, and ask again.\n`)
    }
  })
}

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
    isInteractive: process.stdin.isTTY && process.stderr.isTTY,
    columns: Effect.sync(() => canMove ? process.stderr.columns : undefined)
  })
})
