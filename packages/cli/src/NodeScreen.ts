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
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Screen> = Layer.sync(Screen, () => {
  // Whoever reads our output may go away before its end (`lb run | head`); that is no failure of ours.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined)
  const canMove = process.stderr.isTTY && process.env["TERM"] !== "dumb"
  return Screen.of({
    out: (text) => write(process.stdout, text),
    err: (text) => write(process.stderr, text),
    isInteractive: process.stdin.isTTY && process.stderr.isTTY,
    columns: Effect.sync(() => canMove ? process.stderr.columns : undefined)
  })
})
