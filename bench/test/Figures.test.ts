import { Command } from "@effect/cli"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Console, Effect, Either, FastCheck, Schema } from "effect"
import * as path from "node:path"
import type { Benchmark } from "../src/Benchmark.ts"
import { benchCommand } from "../src/BenchCommand.ts"
import { Figure, FigureWithRatios, ratiosOf } from "../src/Figure.ts"
import { decodeFigures } from "../src/FiguresFile.ts"
import { figureTable } from "../src/FigureTable.ts"
import { measured, measuredBareNode, measuredNode } from "../src/MeasuredProcess.ts"
import { median } from "../src/Measuring.ts"

const start = new Figure({
  name: "lb --version",
  unit: "s",
  value: 0.3,
  limit: { what: "node -e 0", value: 0.12 },
  original: { what: "python3", value: 0.6 }
})
const rows = new Figure({ name: "committed", unit: "rows/s", value: 200, limit: { what: "bytes", value: 1_000 } })
const memory = new Figure({ name: "a | b", unit: "MB", value: 12_345.6 })

describe("figures", () => {
  it("say how many times worse they are than the limit, and the original's way than they", () => {
    assert.deepStrictEqual(ratiosOf(start), { limit: 0.3 / 0.12, original: 2 })
    assert.deepStrictEqual(ratiosOf(rows), { limit: 5 })
    assert.deepStrictEqual(ratiosOf(memory), {})
  })

  it("are the same after they were written as JSON and read", () => {
    const json = Schema.parseJson(FigureWithRatios)
    FastCheck.assert(
      FastCheck.property(Arbitrary.make(Schema.typeSchema(Figure)), (figure) => {
        assert.deepStrictEqual(Schema.decodeSync(json)(Schema.encodeSync(json)(figure)), figure)
      })
    )
  })

  it("are refused with ratios that are not theirs", () => {
    const encoded = Schema.encodeSync(FigureWithRatios)(start)
    const read = Schema.decodeUnknownEither(FigureWithRatios)
    assert.isTrue(Either.isRight(read(encoded)))
    for (const ratios of [{ ...encoded.ratios, limit: 1 }, { limit: encoded.ratios.limit }, {}])
      assert.isTrue(Either.isLeft(read({ ...encoded, ratios })))
  })
})

describe("a table of figures", () => {
  it("names in the heading what all are compared with, and otherwise beside each value", () => {
    assert.strictEqual(
      figureTable([start, rows, memory]),
      [
        "| figure       |   measured |                limit | times the limit | the original's way: python3 | times as much as ours |",
        "|--------------|-----------:|---------------------:|----------------:|----------------------------:|----------------------:|",
        "| lb --version |      0.3 s |   0.12 s (node -e 0) |             2.5 |                       0.6 s |                     2 |",
        "| committed    | 200 rows/s | 1,000 rows/s (bytes) |               5 |                             |                       |",
        "| a \\| b       |  12,346 MB |                      |                 |                             |                       |"
      ].join("\n")
    )
  })

  it("leaves out columns without a value", () => {
    assert.strictEqual(
      figureTable([memory]),
      ["| figure |  measured |", "|--------|----------:|", "| a \\| b | 12,346 MB |"].join("\n")
    )
  })
})

it("the median is the middle value, whatever the order", () => {
  assert.strictEqual(median([9, 1, 5]), 5)
  assert.isNaN(median([]))
})

describe("a measured process", () => {
  it.live("tells its own time and memory, and not those of the process that started it", () =>
    Effect.gen(function* () {
      const bare = yield* measuredBareNode
      // As much memory as the other process is to be free of.
      const ballast = Buffer.alloc(300e6, 1)
      const beside = yield* measuredBareNode
      assert.isAbove(ballast.length, 0)
      assert.isBelow(beside.megabytes, bare.megabytes + 100)
      const large = yield* measuredNode([
        "-e",
        "globalThis.held = Buffer.alloc(200e6, 1); process.stdout.write('held')"
      ])
      assert.isAbove(large.megabytes, bare.megabytes + 150)
      assert.strictEqual(large.said, "held")
      assert.isAbove(large.processor, 0)
    })
  )

  it.live("that fails, tells nothing of its usage, or is missing is an error that says so", () =>
    Effect.gen(function* () {
      const reasonOf = (program: Parameters<typeof measured>[0]) =>
        Effect.map(Effect.flip(measured(program)), ({ reason }) => reason)
      assert.strictEqual(yield* reasonOf({ file: process.execPath, args: ["-e", "process.exit(3)"] }), "ProgramFailed")
      assert.strictEqual(yield* reasonOf({ file: process.execPath, args: ["-e", "0"] }), "UsageUnknown")
      assert.strictEqual(yield* reasonOf({ file: "no-such-program", args: [] }), "ProgramMissing")
    })
  )
})

describe("pnpm bench", () => {
  const benchmarks: Readonly<Record<string, Benchmark>> = {
    short: { about: "what is short", isShort: true, figures: () => Effect.succeed([start]) },
    broken: { about: "what fails", isShort: true, figures: () => Effect.fail(new Error("It broke.")) },
    partly: {
      about: "what fails in part",
      isShort: false,
      figures: ({ attempt }) =>
        Effect.map(
          Effect.all([
            attempt("one", Effect.succeed([rows])),
            attempt("two", Effect.fail(new Error("It broke in part.")))
          ]),
          (figures) => figures.flat()
        )
    }
  }

  const benched = (...args: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const file = path.join(yield* fileSystem.makeTempDirectoryScoped(), "figures.json")
      const lines: Array<string> = []
      const console = yield* Console.consoleWith(Effect.succeed)
      const heard = {
        ...console,
        log: (...words: ReadonlyArray<unknown>) => Effect.sync(() => void lines.push(words.join(" "))),
        error: (...words: ReadonlyArray<unknown>) => Effect.sync(() => void lines.push(words.join(" ")))
      }
      const exit = yield* Effect.either(
        Effect.withConsole(
          Command.run(benchCommand(benchmarks), { name: "bench", version: "0" })([
            "node",
            "bench",
            ...args,
            "--json",
            file
          ]),
          heard
        )
      )
      const { benchmarks: measured, machine } = yield* Effect.flatMap(fileSystem.readFileString(file), decodeFigures)
      return { exit, measured, machine, said: lines.join("\n") }
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))

  it.live("prints the figures of what was asked for, and writes them with the machine", () =>
    Effect.gen(function* () {
      const { exit, machine, measured, said } = yield* benched("short")
      assert.isTrue(Either.isRight(exit))
      assert.deepStrictEqual(measured, { short: [start] })
      assert.strictEqual(machine.node, process.version)
      assert.include(said, figureTable([start]))
    })
  )

  it.live("keeps what it measured where something fails, says what failed, and fails at the end", () =>
    Effect.gen(function* () {
      const { exit, measured, said } = yield* benched("--full")
      assert.isTrue(Either.isLeft(exit))
      assert.deepStrictEqual(measured, { short: [start], broken: [], partly: [rows] })
      assert.include(said, "It broke.")
      assert.include(said, "It broke in part.")
    })
  )

  it.live("runs what is short without a name", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(Object.keys((yield* benched()).measured), ["short", "broken"])
    })
  )
})
