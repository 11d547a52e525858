/**
 * All figures of a run, in one JSON file with the machine they were measured on.
 */
import { FileSystem } from "@effect/platform"
import { DateTime, Effect, Schema } from "effect"
import * as os from "node:os"
import { FigureWithRatios } from "./Figure.ts"

const Machine = Schema.Struct({
  cores: Schema.Positive.pipe(Schema.int()),
  processor: Schema.String,
  memoryGB: Schema.Positive,
  system: Schema.NonEmptyString,
  node: Schema.NonEmptyString
})

/** `load` is how many processes wanted to run when the benchmarks began: above 0.5 or so, the machine did other work too. */
export class FiguresOfARun extends Schema.Class<FiguresOfARun>("FiguresOfARun")({
  at: Schema.DateTimeUtc,
  machine: Machine,
  load: Schema.NonNegative,
  benchmarks: Schema.Record({ key: Schema.NonEmptyString, value: Schema.Array(FigureWithRatios) })
}) {}

const FiguresFile = Schema.parseJson(FiguresOfARun, { space: 2 })

export const decodeFigures = Schema.decodeUnknown(FiguresFile)
const encodeFigures = Schema.encode(FiguresFile)

const thisMachine = (): typeof Machine.Type => ({
  cores: os.availableParallelism(),
  processor: os.cpus()[0]?.model ?? "",
  memoryGB: Math.round(os.totalmem() / 1e8) / 10,
  system: `${os.platform()} ${os.release()} ${os.arch()}`,
  node: process.version
})

/** A run that has measured nothing yet. */
export const runOfNow = Effect.map(
  DateTime.now,
  (at) => new FiguresOfARun({ at, machine: thisMachine(), load: os.loadavg()[0] ?? 0, benchmarks: {} })
)

export const writeFigures = (file: string, figures: FiguresOfARun) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    yield* fileSystem.writeFileString(file, `${yield* encodeFigures(figures)}\n`)
  })
