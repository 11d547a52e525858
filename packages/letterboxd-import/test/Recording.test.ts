import { FileSystem, HttpClient, HttpClientResponse, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it, vi } from "@effect/vitest"
import { type ListPart, RatingsSource } from "@letterboxd-ratings/core"
import { type Behaviour, generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { HttpPolicy, LetterboxdSource, SiteTransport } from "@letterboxd-ratings/letterboxd-source"
import { readWarc, Recording, savedPages } from "@letterboxd-ratings/letterboxd-import"
import { DateTime, Chunk, Effect, Either, Layer, Stream } from "effect"
import { spawnSync } from "node:child_process"
import { open } from "node:fs/promises"
import * as zlib from "node:zlib"
import { candidates, itemsOf, membersIn, only, partsOf, readIn, refusedIn } from "./SavedInputs.ts"

const world = generateWorld({ members: 35, mostFilms: 200, private: [3], gone: [4], renamed: [5] })

const batch = { at: DateTime.unsafeMake(0), members: [] }
const about = { site: "https://letterboxd.com", software: "letterboxd-ratings 0.0.0", userAgent: "test-agent" }

const tempFile = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* fs.makeTempDirectoryScoped(), "run.warc.gz")
})

/** All parts of all members of a sandbox, recorded. */
const recordRun = (file: string, behaviour: Partial<Behaviour> = {}) =>
  Effect.gen(function* () {
    const site = yield* Sandbox.make({ world, behaviour: { setCookie: true, ...behaviour } })
    const policy = HttpPolicy.layer({
      ...HttpPolicy.defaults,
      requestsPerSecond: Infinity,
      backoffMillis: 5,
      maxRetries: 1
    })
    const source = LetterboxdSource.layer({ ...LetterboxdSource.defaults, name: "saved-pages", baseUrl: site.url })
    return yield* Effect.gen(function* () {
      const { list, members } = yield* RatingsSource
      const recording = yield* Recording.Recording
      const names = Chunk.toReadonlyArray(yield* Stream.runCollect(members)).map(({ username }) => username)
      const parts = yield* Effect.forEach(
        names,
        (username) => Effect.map(Stream.runCollect(list(username, "all")), Chunk.toReadonlyArray),
        { concurrency: 4 }
      )
      yield* recording.committed(batch)
      return { names, parts, url: site.url, records: yield* recording.records }
    }).pipe(
      Effect.provide(
        source.pipe(
          Layer.provide(policy),
          Layer.provideMerge(Recording.layer({ file, ...about })),
          Layer.provide(SiteTransport.layer)
        )
      )
    )
  })

const inOrder = (parts: ReadonlyArray<ListPart>) => parts.toSorted((a, b) => a.number - b.number)
const readFile = (file: string) => Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFile(file))

/** A client that answers everything with the same page. */
const answering = (body: string) =>
  HttpClient.make((request) =>
    Effect.succeed(
      HttpClientResponse.fromWeb(
        request,
        new Response(body, {
          headers: {
            "content-type": "text/html",
            "set-cookie": "a=planted-cookie",
            "x-csrf-token": "planted-token",
            "content-encoding": "gzip"
          }
        })
      )
    )
  )
const recorded = (file: string, body = "<html>planted nothing</html>") =>
  Effect.provideService(Recording.make({ file, ...about }), HttpClient.HttpClient, answering(body))

const pagesIn = (bytes: Uint8Array) =>
  Effect.map(Stream.runCollect(readWarc("run.warc.gz", Stream.make(bytes))), (records) =>
    Chunk.toReadonlyArray(records).flatMap((record) => (record._tag === "Captured" ? [record.capture] : []))
  )

describe("Recording", () => {
  it.scopedLive("a recorded run, read back, gives the same parts of all members in the same order", () =>
    Effect.gen(function* () {
      for (const behaviour of [
        {},
        { faults: [{ kind: "status", status: 503, attempts: 1, path: "page/2/$" }] },
        { faults: [{ kind: "challenge", status: 403, path: "films/page/3/$" }] }
      ] satisfies ReadonlyArray<Partial<Behaviour>>) {
        const file = yield* tempFile
        const run = yield* recordRun(file, behaviour)
        const bytes = yield* readFile(file)
        const inputs = yield* candidates({ "run.warc.gz": bytes })
        assert.isTrue(inputs.every(savedPages.recognises))
        const items = yield* itemsOf(inputs, { baseUrls: [run.url] })
        assert.deepStrictEqual(refusedIn(items), [])
        assert.deepStrictEqual(
          membersIn(items).map(({ username }) => username),
          run.names
        )
        assert.deepStrictEqual(
          membersIn(items).map(({ list }) => JSON.parse(JSON.stringify(inOrder(partsOf(list))))),
          run.parts.map((parts) => JSON.parse(JSON.stringify(inOrder(parts))))
        )
        // Pages and robots.txt, each try of them.
        assert.strictEqual(only(readIn(items)).counts.pages, run.parts.flat().length)
        assert.isAbove(run.records, run.parts.flat().length)
        const text = zlib.gunzipSync(bytes).toString("latin1")
        assert.notMatch(text, /set-cookie|filmFilter/iu)
        assert.match(text, /^WARC\/1\.1\r\nWARC-Type: warcinfo/u)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("cookies, tokens and encodings are not written; what the run gets is the same", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const body = yield* Effect.scoped(
        Effect.gen(function* () {
          const { client } = yield* recorded(file)
          const response = yield* client.get("https://letterboxd.com/a/films/")
          assert.strictEqual(response.headers["x-csrf-token"], "planted-token")
          return yield* response.text
        })
      )
      const bytes = yield* readFile(file)
      const [page] = yield* pagesIn(bytes)
      assert.strictEqual(page?.body, body)
      assert.deepStrictEqual(page?.headers, { "content-type": "text/html" })
      const text = zlib.gunzipSync(bytes).toString("latin1")
      for (const word of ["planted-cookie", "planted-token", "content-encoding"]) assert.notInclude(text, word)
      assert.include(text, "WARC-Payload-Digest: sha256:")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a recording is continued, also after a kill in the middle of a record; anything else is refused", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* tempFile
      const addOne = (url: string) => Effect.scoped(Effect.flatMap(recorded(file), ({ client }) => client.get(url)))
      yield* addOne("https://letterboxd.com/a/films/")
      const first = yield* readFile(file)
      yield* addOne("https://letterboxd.com/b/films/")
      const second = yield* readFile(file)
      assert.deepStrictEqual(second.subarray(0, first.length), first)
      for (const cut of [first.length, first.length + 1, first.length + 30, second.length - 1, second.length]) {
        yield* fs.writeFile(file, second.subarray(0, cut))
        yield* addOne("https://letterboxd.com/c/films/")
        const pages = yield* pagesIn(yield* readFile(file))
        assert.deepStrictEqual(
          pages.map(({ url }) => url.slice(-8, -7)),
          cut === second.length ? ["a", "b", "c"] : ["a", "c"]
        )
      }
      for (const other of ["something", zlib.gzipSync("WARC/1.1\r\nWARC-Type: warcinfo\r\n\r\nsoftware: other")]) {
        yield* fs.writeFile(file, typeof other === "string" ? Buffer.from(other) : other)
        const before = yield* readFile(file)
        const refused = yield* Effect.either(Effect.scoped(recorded(file)))
        assert(Either.isLeft(refused))
        assert.strictEqual(refused.left.reason, "NotOurs")
        assert.deepStrictEqual(yield* readFile(file), before)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("records of many responses at the same time never interleave", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const urls = Array.from({ length: 200 }, (_, i) => `https://letterboxd.com/m${i}/films/`)
      yield* Effect.scoped(
        Effect.flatMap(recorded(file, "<html>".padEnd(70_000, "x")), ({ client }) =>
          Effect.forEach(urls, (url) => client.get(url), { concurrency: "unbounded" })
        )
      )
      const pages = yield* pagesIn(yield* readFile(file))
      assert.deepStrictEqual(pages.map(({ url }) => url).toSorted(), urls.toSorted())
      assert.isTrue(pages.every(({ body }) => body.length === 70_000))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a full disk fails the recording and not the page, and leaves no part of a record", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const urls = ["a", "b", "c"].map((name) => `https://letterboxd.com/${name}/films/`)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { client, recording } = yield* recorded(file)
          yield* Effect.forEach(urls.slice(0, 1), (url) => client.get(url))
          yield* recording.committed(batch)
          const handle = yield* Effect.promise(() => open(file))
          const write = vi.spyOn(Object.getPrototypeOf(handle), "write")
          yield* Effect.promise(() => handle.close())
          write.mockImplementation(() => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" })))
          const response = yield* client.get(urls[1] ?? "")
          write.mockRestore()
          assert.strictEqual(response.status, 200)
          yield* client.get(urls[2] ?? "")
          for (const effect of [recording.committed(batch), recording.failed]) {
            const failed = yield* Effect.flip(effect)
            assert.strictEqual(failed.reason, "CannotWrite")
            assert.include(failed.message, "ENOSPC")
          }
        })
      )
      const pages = yield* pagesIn(yield* readFile(file))
      assert.deepStrictEqual(
        pages.map(({ url }) => url),
        urls.slice(0, 1)
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  const python = spawnSync("python3", ["-c", "import gzip"]).status === 0
  it.scopedLive.skipIf(!python)(
    `python reads the records of a recording${python ? "" : " (skipped: no python3)"}`,
    () =>
      Effect.gen(function* () {
        const file = yield* tempFile
        const { records } = yield* recordRun(file)
        const program = `
import gzip, hashlib, sys
data = gzip.open(sys.argv[1]).read()
at = count = 0
while at < len(data):
    end = data.index(b"\\r\\n\\r\\n", at)
    lines = data[at:end].split(b"\\r\\n")
    assert lines[0] == b"WARC/1.1", lines[0]
    headers = dict(line.split(b": ", 1) for line in lines[1:])
    length = int(headers[b"Content-Length"])
    block = data[end + 4:end + 4 + length]
    assert headers[b"WARC-Block-Digest"] == b"sha256:" + hashlib.sha256(block).hexdigest().encode()
    if headers[b"WARC-Type"] == b"response":
        head, body = block.split(b"\\r\\n\\r\\n", 1)
        assert headers[b"WARC-Payload-Digest"] == b"sha256:" + hashlib.sha256(body).hexdigest().encode()
        count += 1
    assert data[end + 4 + length:end + 8 + length] == b"\\r\\n\\r\\n"
    at = end + 8 + length
print(count)
`
        const { status, stderr, stdout } = spawnSync("python3", ["-c", program, file], { encoding: "utf8" })
        assert.strictEqual(status, 0, stderr)
        assert.strictEqual(Number(stdout), records)
      }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("whatever a kill leaves of a recording can be read up to its last complete record", () =>
    Effect.gen(function* () {
      const file = yield* tempFile
      const ends: Array<number> = []
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { client } = yield* recorded(file)
          for (let i = 0; i < 5; i++) {
            yield* client.get(`https://letterboxd.com/m${i}/films/`)
            ends.push((yield* readFile(file)).length)
          }
        })
      )
      const bytes = yield* readFile(file)
      for (let cut = 1; cut <= bytes.length; cut += 7) {
        const records = yield* Effect.either(pagesIn(bytes.subarray(0, cut)))
        const complete = ends.filter((end) => end <= cut).length
        // A record is whole some bytes before its end, which are line breaks and a checksum.
        if (Either.isRight(records)) {
          assert.include([complete, complete + 1], records.right.length)
          assert.isAtMost(records.right.length, ends.filter((end) => end - 24 <= cut).length)
        } else assert.strictEqual(complete, 0)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
