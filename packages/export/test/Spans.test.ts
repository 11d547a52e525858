import { NodeContext } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { loadWhole, readWhole } from "@letterboxd-ratings/core"
import { exportFiles, jsonLines } from "@letterboxd-ratings/export"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { commitRest } from "@letterboxd-ratings/storage-testkit"
import { FileSystem, Path } from "@effect/platform"
import { Effect, type Tracer } from "effect"

/** Notes the names of the spans that begin. */
const noting =
  (names: Array<string>) =>
  (tracer: Tracer.Tracer): Tracer.Tracer => ({
    ...tracer,
    span: (name, ...rest) => {
      names.push(name)
      return tracer.span(name, ...rest)
    },
    context: (run, fiber) => tracer.context(run, fiber)
  })

it.scoped("commits, loads and exports are spans of whatever tracer a program brings", () =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = path.join(yield* fs.makeTempDirectoryScoped(), "export")
    const names: Array<string> = []
    const tracer = noting(names)(yield* Effect.tracer)
    yield* Effect.gen(function* () {
      const storage = MemoryStorage.make({ place: "spans" })
      yield* Effect.scoped(Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), commitRest))
      const whole = yield* readWhole(storage)
      yield* loadWhole(whole, MemoryStorage.make({ place: "copy" }), "refuse")
    }).pipe(Effect.scoped, Effect.withTracer(tracer))
    const storage = MemoryStorage.make({ place: "exported" })
    yield* Effect.scoped(Effect.flatMap(storage.open({ _tag: "new", existing: "refuse" }), commitRest))
    yield* Effect.withTracer(exportFiles(storage, jsonLines, { folder, existing: "refuse", tool: "test" }), tracer)
    assert.deepStrictEqual(names, [
      ...Array.from({ length: 5 }, () => "Dataset.commit"),
      "Dataset.load",
      "Export.files"
    ])
  }).pipe(Effect.provide(NodeContext.layer))
)
