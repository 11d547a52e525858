import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { packFiles } from "@letterboxd-ratings/fixtures"
import { openZip, type ZipBounds, defaultZipBounds } from "@letterboxd-ratings/letterboxd-import"
import { Chunk, DateTime, Effect, Stream } from "effect"
import * as zlib from "node:zlib"
import { writeFiles } from "./Imported.ts"

const modifiedAt = DateTime.unsafeMake("2026-10-03T08:15:00Z")
const pack = (files: Iterable<readonly [string, Uint8Array | string]>, isZip64 = false) =>
  packFiles(new Map(Array.from(files, ([name, content]) => [name, Buffer.from(content)])), { modifiedAt, isZip64 })

const bounds = (some: Partial<ZipBounds>): ZipBounds => ({ ...defaultZipBounds, ...some })

const open = (bytes: Uint8Array, some: Partial<ZipBounds> = {}) =>
  Effect.flatMap(writeFiles([["a.zip", bytes]]), (folder) => openZip(`${folder}/a.zip`, bounds(some)))

const readAll = (bytes: Uint8Array, name: string, some: Partial<ZipBounds> = {}) =>
  Effect.gen(function* () {
    const zip = yield* open(bytes, some)
    return Buffer.concat(Chunk.toReadonlyArray(yield* Stream.runCollect(zip.read(name))))
  })

/** What a name of the same length becomes, wherever it stands in an archive. */
const renamed = (bytes: Uint8Array, name: string, to: string): Uint8Array =>
  Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll(name, to), "latin1")

/** Changes the header of the first file in the list at the end. */
const withListed = (bytes: Uint8Array, change: (header: Buffer) => void): Uint8Array => {
  const changed = Buffer.from(bytes)
  change(changed.subarray(changed.indexOf("PK\u0001\u0002", 0, "latin1")))
  return changed
}

/** A ZIP of one deflated file, whose stated size is not that of its content. */
const stating = (content: Buffer, stated: number): Uint8Array => {
  const packed = zlib.deflateRawSync(content)
  const sum = zlib.crc32(content)
  const name = Buffer.from("a.csv")
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt16LE(8, 8)
  local.writeUInt32LE(sum, 14)
  local.writeUInt32LE(packed.length, 18)
  local.writeUInt32LE(stated, 22)
  local.writeUInt16LE(name.length, 26)
  const listed = Buffer.alloc(46)
  listed.writeUInt32LE(0x02014b50, 0)
  listed.writeUInt16LE(20, 4)
  listed.writeUInt16LE(20, 6)
  local.copy(listed, 10, 8, 28)
  const offset = local.length + name.length + packed.length
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(listed.length + name.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([local, name, packed, listed, name, end])
}

const large = Buffer.from("line of a file that is long\r\n".repeat(300_000))

describe("a ZIP", () => {
  it.scoped.each([false, true])("is read with data descriptors, Zip64: %s", (isZip64) =>
    Effect.gen(function* () {
      const bytes = yield* pack(
        [
          ["a.csv", "A"],
          ["below/b.csv", ""],
          ["large.csv", large]
        ],
        isZip64
      )
      const zip = yield* open(bytes)
      assert.deepStrictEqual(
        zip.entries.map(({ bytes, name }) => [name, bytes]),
        [
          ["a.csv", 1],
          ["below/b.csv", 0],
          ["large.csv", large.length]
        ]
      )
      assert.deepStrictEqual(zip.entries[0]?.modifiedAt, modifiedAt)
      assert.strictEqual(`${yield* readAll(bytes, "a.csv")}`, "A")
      assert.strictEqual((yield* readAll(bytes, "below/b.csv")).length, 0)
      assert.isTrue((yield* readAll(bytes, "large.csv")).equals(large))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("is read the same if it is too large to be held in memory", () =>
    Effect.gen(function* () {
      const noise = Buffer.alloc(9 * 1_048_576)
      let state = 1
      for (let i = 0; i < noise.length; i++) noise[i] = (state = (state * 48_271) % 2_147_483_647) & 255
      const bytes = yield* pack([
        ["a.csv", "A"],
        ["noise", noise]
      ])
      assert.isAbove(bytes.length, 8 * 1_048_576)
      assert.strictEqual(`${yield* readAll(bytes, "a.csv")}`, "A")
      assert.isTrue((yield* readAll(bytes, "noise")).equals(noise))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("that is cut anywhere is damaged", () =>
    Effect.gen(function* () {
      const bytes = yield* pack([
        ["a.csv", "A"],
        ["b.csv", "B"]
      ])
      for (let length = 0; length < bytes.length; length += 7) {
        const error = yield* Effect.flip(open(bytes.subarray(0, length)))
        assert.strictEqual(error.reason, "Damaged")
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped.each(["/x.csv", "../.csv", "a/../b", "C:/.csv", "..\\csv", "\\a.csv", "a\u0000.csv", "./a.csv", "a//.csv"])(
    "with the name %j is damaged",
    (name) =>
      Effect.gen(function* () {
        const before = "x".repeat(name.length)
        const bytes = renamed(yield* pack([[before, "A"]]), before, name)
        const error = yield* Effect.flip(open(bytes))
        assert.strictEqual(error.reason, "Damaged")
        assert.notInclude(error.message, name)
      }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("with two files of one name is damaged", () =>
    Effect.gen(function* () {
      const bytes = renamed(
        yield* pack([
          ["a.csv", "A"],
          ["b.csv", "B"]
        ]),
        "b.csv",
        "a.csv"
      )
      assert.strictEqual((yield* Effect.flip(open(bytes))).reason, "Damaged")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("with an encrypted file gives the others", () =>
    Effect.gen(function* () {
      const bytes = withListed(
        yield* pack([
          ["a.csv", "A"],
          ["b.csv", "B"]
        ]),
        (header) => {
          header.writeUInt16LE(header.readUInt16LE(8) | 1, 8)
        }
      )
      const error = yield* Effect.flip(readAll(bytes, "a.csv"))
      assert.strictEqual(error.reason, "Damaged")
      assert.include(error.message, "encrypted")
      assert.strictEqual(`${yield* readAll(bytes, "b.csv")}`, "B")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped.each(["A", large])("whose content does not have its checksum is damaged", (content) =>
    Effect.gen(function* () {
      const bytes = withListed(yield* pack([["a.csv", content]]), (header) => {
        header.writeUInt32LE((header.readUInt32LE(16) ^ 1) >>> 0, 16)
      })
      const error = yield* Effect.flip(readAll(bytes, "a.csv"))
      assert.strictEqual(error.reason, "Damaged")
      assert.include(error.message, "checksum")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped.each([1, 100, 2_000_000_000])("that states %d bytes for what has more or fewer is damaged", (stated) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readAll(stating(Buffer.alloc(5000, "x"), stated), "a.csv"))
      assert.strictEqual(error.reason, "Damaged")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("of more entries than the bound is too large", () =>
    Effect.gen(function* () {
      const files = Array.from({ length: 11 }, (_, i) => [`${i}.csv`, "A"] as const)
      const bytes = yield* pack(files)
      assert.strictEqual((yield* Effect.flip(open(bytes, { entries: 10 }))).reason, "TooLarge")
      assert.strictEqual((yield* open(bytes, { entries: 11 })).entries.length, 11)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("that inflates beyond a bound is too large, of one entry and of all", () =>
    Effect.gen(function* () {
      const bytes = yield* pack([
        ["a", "x".repeat(1000)],
        ["b", "x".repeat(1000)],
        ["large", large]
      ])
      assert.strictEqual((yield* Effect.flip(readAll(bytes, "large", { entryBytes: 1_000_000 }))).reason, "TooLarge")
      assert.strictEqual((yield* Effect.flip(readAll(bytes, "a", { entryBytes: 999 }))).reason, "TooLarge")
      const zip = yield* open(bytes, { archiveBytes: 1500 })
      yield* Stream.runDrain(zip.read("a"))
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(zip.read("b")))).reason, "TooLarge")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("that would inflate to 100 GB in 1,000 entries is refused in bounded memory", () =>
    Effect.gen(function* () {
      // All entries of the list lead to the same 100 MB of zeros.
      const zeros = Buffer.alloc(100 * 1_048_576)
      const one = yield* pack([["0000.csv", zeros]])
      const listAt = Buffer.from(one).indexOf("PK\u0001\u0002", 0, "latin1")
      const endAt = Buffer.from(one).indexOf("PK\u0005\u0006", 0, "latin1")
      const listed = one.subarray(listAt, endAt)
      const list = Array.from({ length: 1000 }, (_, i) => renamed(listed, "0000.csv", `${`${i}`.padStart(4, "0")}.csv`))
      const end = Buffer.from(one.subarray(endAt))
      end.writeUInt16LE(1000, 8)
      end.writeUInt16LE(1000, 10)
      end.writeUInt32LE(listed.length * 1000, 12)
      const zip = yield* open(Buffer.concat([one.subarray(0, listAt), ...list, end]))
      assert.strictEqual(zip.entries.length, 1000)
      const before = process.memoryUsage().rss
      let bytes = 0
      const error = yield* Effect.flip(
        Stream.fromIterable(zip.entries).pipe(
          Stream.flatMap(({ name }) => zip.read(name)),
          Stream.runForEach((chunk) => Effect.sync(() => (bytes += chunk.length)))
        )
      )
      assert.strictEqual(error.reason, "TooLarge")
      assert.isAtMost(bytes, defaultZipBounds.archiveBytes)
      assert.isBelow(process.memoryUsage().rss - before, 200 * 1_048_576)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("that is not there is unreadable", () =>
    Effect.gen(function* () {
      const folder = yield* writeFiles([])
      assert.strictEqual((yield* Effect.flip(openZip(`${folder}/none.zip`))).reason, "Unreadable")
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
