import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { type FileRows, Sha256, writeFile } from "@letterboxd-ratings/export"
import { NodeSha256 } from "@letterboxd-ratings/export/node"
import { Chunk, Effect, Stream } from "effect"
import * as fc from "fast-check"
import { createHash } from "node:crypto"

/** Texts of a few rows, short and long, with letters of one to four bytes. */
const parts: fc.Arbitrary<ReadonlyArray<FileRows>> = fc.array(
  fc
    .record({
      row: fc.constantFrom("1,2,3.0\n", "é\n", "ラヂオ\n", "😀\n"),
      rows: fc.oneof(fc.nat(3), fc.integer({ min: 9_000, max: 20_000 }))
    })
    .map(({ row, rows }) => ({ text: row.repeat(rows), rows })),
  { maxLength: 12 }
)

const fileOf = (header: string, chunks: ReadonlyArray<ReadonlyArray<FileRows>>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    const content = Stream.fromChunks(...chunks.map((chunk) => Chunk.fromIterable(chunk)))
    const file = yield* writeFile(folder, "file.csv", header, content)
    return { file, text: yield* fs.readFileString(`${folder}/file.csv`) }
  }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))

describe("writeFile", () => {
  it("writes the same file however its rows come, and tells what is in it", () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom("", "userId\n"), parts, fc.boolean(), (header, parts, isOneByOne) =>
        Effect.gen(function* () {
          const all = header + parts.map(({ text }) => text).join("")
          const { file, text } = yield* fileOf(header, isOneByOne ? parts.map((part) => [part]) : [parts])
          assert.isTrue(text === all)
          assert.deepStrictEqual(file, {
            name: "file.csv",
            bytes: Buffer.byteLength(all),
            rows: parts.reduce((sum, { rows }) => sum + rows, 0),
            sha256: createHash("sha256").update(all).digest("hex")
          })
        }).pipe(Effect.runPromise)
      ),
      { numRuns: 30 }
    ))

  it.effect("writes to the disk once for many rows that come one by one", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      let writes = 0
      const counting: FileSystem.FileSystem = {
        ...fs,
        open: (...args) =>
          Effect.map(fs.open(...args), (file) => ({
            ...file,
            sync: file.sync,
            writeAll: (bytes: Uint8Array) => {
              writes += 1
              return file.writeAll(bytes)
            }
          }))
      }
      const folder = yield* fs.makeTempDirectoryScoped()
      const rows = Stream.rechunk(Stream.repeatValue<FileRows>({ text: "1,2,3.0\n", rows: 1 }), 1)
      const file = yield* Effect.provideService(
        writeFile(folder, "file.csv", "", Stream.take(rows, 10_000)),
        FileSystem.FileSystem,
        counting
      )
      assert.strictEqual(file.rows, 10_000)
      assert.strictEqual(writes, 2)
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))
  )
})

describe("Sha256", () => {
  it("gives the same sums in JavaScript and in Node, however the bytes come", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (parts) => {
        const sum = Effect.map(Sha256, (sha256) => {
          const hash = sha256.make()
          for (const part of parts) hash.update(part)
          return hash.hex()
        })
        const expected = createHash("sha256").update(Buffer.concat(parts)).digest("hex")
        assert.strictEqual(Effect.runSync(sum), expected)
        assert.strictEqual(Effect.runSync(Effect.provide(sum, NodeSha256.layer)), expected)
      })
    )
  })
})
