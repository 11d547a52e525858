/** A dataset that changes while it is read. */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { type FolderManifest, lockFolder, readUnheld } from "@letterboxd-ratings/storage-folder"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { DateTime, Effect, Layer } from "effect"
import { failures } from "./LineStorage.ts"

const manifestOf = (batches: number): FolderManifest => ({
  format: 1,
  batches,
  committedAt: DateTime.unsafeMake(0),
  idGaps: 0
})

/** Reads a dataset that gets a batch with each of the first `changes` readings, and is sound from reading `soundFrom` on. */
const reading = (folder: string, changes: number, soundFrom: number) =>
  Effect.gen(function* () {
    let batches = 0
    let readings = 0
    const outcome = yield* Effect.either(
      readUnheld(
        { folder, failures, manifest: Effect.sync(() => manifestOf(batches)) },
        () =>
          Effect.sync(() => {
            readings += 1
            if (readings <= changes) batches += 1
            return readings >= soundFrom
          }),
        (isSound) => isSound
      )
    )
    return { outcome: outcome._tag === "Left" ? outcome.left.reason : outcome.right, readings }
  })

layer(Layer.merge(NodeContext.layer, NodeProcessTable.layer))("a dataset that nobody keeps from changing", (it) => {
  it.scoped("is read again where it changed, but not for ever", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())
      assert.deepStrictEqual(yield* reading(folder, 0, 1), { outcome: true, readings: 1 })
      assert.deepStrictEqual(yield* reading(folder, 0, 9), { outcome: false, readings: 1 })
      assert.deepStrictEqual(yield* reading(folder, 3, 4), { outcome: true, readings: 4 })
      assert.deepStrictEqual(yield* reading(folder, 3, 9), { outcome: false, readings: 4 })
      assert.deepStrictEqual(yield* reading(folder, 99, 99), { outcome: "Locked", readings: 5 })
    })
  )

  it.scoped("is looked at twice where another process is at work", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())
      yield* lockFolder(folder, failures)
      assert.deepStrictEqual(yield* reading(folder, 0, 2), { outcome: true, readings: 2 })
      assert.deepStrictEqual(yield* reading(folder, 0, 9), { outcome: false, readings: 2 })
    })
  )
})
