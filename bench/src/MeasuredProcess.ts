/**
 * Programs in processes of their own, measured.
 */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { type Beside, Figure } from "./Figure.ts"
import { median } from "./Measuring.ts"

/** A program that was to be measured failed, or told nothing about its usage. */
export class MeasuringError extends Schema.TaggedError<MeasuringError>()("MeasuringError", {
  reason: Schema.Literal("ProgramFailed", "UsageUnknown", "ProgramMissing", "ResultUnknown"),
  program: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.program}: ${this.detail}`
  }
}

const Usage = Schema.Struct({
  processor: Schema.NonNegative,
  megabytes: Schema.NonNegative,
  collecting: Schema.NonNegative
})
const decodeUsage = Schema.decodeUnknown(Schema.parseJson(Usage))

/**
 * What a process took: seconds of the clock, seconds of processor time (which other work on the machine disturbs less),
 * seconds of garbage collection on its main thread, and the most memory it held, in MB.
 */
export interface Took extends Schema.Schema.Type<typeof Usage> {
  readonly seconds: number
}

/** What a process took and wrote. */
export interface Ended extends Took {
  readonly said: string
}

export interface Program {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program that tells its usage on file descriptor 3, as `TellUsage.mjs` does. */
export const measured = ({ args, env = {}, file }: Program): Effect.Effect<Ended, MeasuringError> =>
  Effect.async<Ended, MeasuringError>((resume) => {
    const program = [file, ...args].join(" ")
    const began = performance.now()
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe", "pipe"], env: { ...process.env, ...env } })
    const texts = ["", "", ""]
    child.stdio.slice(1).forEach((stream, i) =>
      stream?.on("data", (data: Buffer) => {
        texts[i] += data.toString("utf8")
      })
    )
    child.on("error", ({ message }) =>
      resume(Effect.fail(new MeasuringError({ reason: "ProgramMissing", program, detail: message })))
    )
    child.on("close", (code) => {
      const [said = "", warned = "", usage = ""] = texts
      const seconds = (performance.now() - began) / 1000
      resume(
        code === 0
          ? decodeUsage(usage.trim()).pipe(
              Effect.mapError(
                ({ message }) => new MeasuringError({ reason: "UsageUnknown", program, detail: message })
              ),
              Effect.map((took) => ({ ...took, seconds, said }))
            )
          : Effect.fail(
              new MeasuringError({ reason: "ProgramFailed", program, detail: `ended with ${code}: ${said}${warned}` })
            )
      )
    })
    return Effect.sync(() => child.kill())
  })

/** Runs a script of Node. */
export const measuredNode = (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) =>
  measured({
    file: process.execPath,
    args: ["--import", new URL("TellUsage.mjs", import.meta.url).href, ...args],
    ...(env === undefined ? {} : { env })
  })

const lb = fileURLToPath(new URL("../../packages/cli/bin/lb.mjs", import.meta.url))

/** Runs the built command. */
export const measuredLb = (args: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) =>
  measuredNode([lb, ...args], env)

/** Node that does nothing: the limit of what starts it. */
export const measuredBareNode = measuredNode(["-e", "0"])

/** The median of each thing that processes took. */
export const medianOf = (all: ReadonlyArray<Took>): Took => ({
  seconds: median(all.map(({ seconds }) => seconds)),
  processor: median(all.map(({ processor }) => processor)),
  megabytes: median(all.map(({ megabytes }) => megabytes)),
  collecting: median(all.map(({ collecting }) => collecting))
})

/** What another process took that a process is compared with. */
export interface ProcessBeside {
  readonly what: string
  readonly took: Took
}

/** Values of 0 are below what the clock shows, and nothing to compare with. */
const besideOf = (other: ProcessBeside | undefined, value: (took: Took) => number): Beside | undefined =>
  other === undefined || value(other.took) <= 0 ? undefined : { what: other.what, value: value(other.took) }

/** A figure, with what it is compared with where there is that. */
export const figure = (
  fields: Pick<Figure, "name" | "unit" | "value">,
  limit: Beside | undefined,
  original: Beside | undefined
): Figure =>
  new Figure({
    ...fields,
    ...(limit === undefined ? {} : { limit }),
    ...(original === undefined ? {} : { original })
  })

/** What a process took as figures: processor time, time, and memory. */
export const figuresOf = (
  name: string,
  took: Took,
  {
    limit,
    original
  }: { readonly limit?: ProcessBeside | undefined; readonly original?: ProcessBeside | undefined } = {}
): ReadonlyArray<Figure> => {
  const one = (what: string, unit: Figure["unit"], value: (took: Took) => number) =>
    figure({ name: `${name}: ${what}`, unit, value: value(took) }, besideOf(limit, value), besideOf(original, value))
  return [
    one("processor time", "s", ({ processor }) => processor),
    one("time", "s", ({ seconds }) => seconds),
    one("peak memory", "MB", ({ megabytes }) => megabytes)
  ]
}
