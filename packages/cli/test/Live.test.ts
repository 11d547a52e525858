import { assert, describe, it } from "@effect/vitest"
import { generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { Effect, Exit, Scope } from "effect"
import * as fs from "node:fs"
import * as http from "node:http"
import * as net from "node:net"
import * as path from "node:path"
import type { LivePicture } from "../src/live/LivePicture.ts"
import * as LiveServer from "../src/live/LiveServer.ts"
import { addressOf, filesIn, inEmptyFolder, lb, start, type Started } from "./Lb.ts"

const world = generateWorld()

/** A slow sandbox in this process, for as long as the test takes. */
const withSandbox = (test: (site: Sandbox.Sandbox) => Promise<void>) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(Sandbox.make({ world, behaviour: { latencyMillis: 40 } }), (site) =>
        Effect.promise(() => test(site))
      )
    )
  )

interface Answer {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

/** Sends a request to the end of its answer. */
const ask = (address: string, options: http.RequestOptions = {}, onPart: (soFar: string) => void = () => undefined) =>
  new Promise<Answer>((resolve, reject) => {
    const request = http.request(address, { agent: false, ...options }, (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("data", (part: string) => {
        body += part
        onPart(body)
      })
      response.on("close", () => resolve({ status: response.statusCode, headers: response.headers, body }))
      // A server that ends may cut off its last answer.
      response.on("error", () => undefined)
    })
    request.on("error", reject)
    request.end()
  })

const eventsIn = (body: string): ReadonlyArray<{ readonly name: string; readonly picture: LivePicture }> =>
  [...body.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gmu)].map(([, name = "", data = ""]) => ({
    name,
    // What this project's own server wrote.
    picture: JSON.parse(data) as LivePicture
  }))

const variables = { SOURCE_DATE_EPOCH: "1790000000" }
const wordsOf = (site: Sandbox.Sandbox, out: string, rate = "unlimited") => [
  "run",
  "--mode",
  "new",
  "--base-url",
  site.url,
  "--rate",
  rate,
  "--out",
  out
]
/** What a run says, without what depends on the time it took and on its folder. The command to go on repeats its options. */
const plain = (text: string) =>
  text
    .replaceAll(/ in [\dms ]+\./gu, " in TIME.")
    .replaceAll(/\b(?:plain|shown)\b/gu, "DIR")
    .replace(/ --ui$/mu, "")

describe("lb run --ui", () => {
  it(
    "shows the run to whoever has its address, to nobody else, and changes nothing of the run",
    inEmptyFolder((folder) =>
      withSandbox(async (site) => {
        const without = await lb(folder, wordsOf(site, "plain"), variables)
        const run = start(folder, [...wordsOf(site, "shown"), "--ui"], variables)
        const address = await addressOf(run)
        const { host, origin, port } = new URL(address)
        let isSeen: () => void = () => undefined
        const seen = new Promise<void>((resolve) => {
          isSeen = resolve
        })
        const events = ask(`${address}events`, {}, (soFar) => {
          if (eventsIn(soFar).length >= 2) isSeen()
        })
        await seen

        const page = await ask(address, { headers: { Origin: origin } })
        assert.strictEqual(page.status, 200)
        assert.match(page.body, /^<!doctype html>/u)
        assert.strictEqual(page.headers["cache-control"], "no-store")
        assert.strictEqual(page.headers["referrer-policy"], "no-referrer")
        assert.match(
          String(page.headers["content-security-policy"]),
          /^default-src 'none'; script-src 'sha256-[^']+'; /u
        )
        assert.isUndefined(page.headers["access-control-allow-origin"])
        assert.strictEqual((await ask(address, { method: "HEAD" })).body, "")
        const local = { headers: { Host: `localhost:${port}` } }
        assert.strictEqual((await ask(address, local)).status, 200)

        const wrong: ReadonlyArray<readonly [string, http.RequestOptions]> = [
          [`http://${host}/`, {}],
          [`http://${host}/events`, {}],
          [`http://${host}/favicon.ico`, {}],
          [`http://${host}/${"A".repeat(32)}/`, {}],
          [address, { headers: { Host: "evil.example" } }],
          [address, { headers: { Host: `evil.example:${port}` } }],
          [`${address}events`, { headers: { Origin: "http://evil.example" } }],
          [`${address}events`, { headers: { Origin: "null" } }],
          [`${address}events`, { headers: { "Sec-Fetch-Site": "cross-site" } }],
          [address, { method: "POST" }],
          [address, { method: "OPTIONS", headers: { Origin: "http://evil.example" } }]
        ]
        for (const [at, options] of wrong) {
          const { body, headers, status } = await ask(at, options)
          assert.deepStrictEqual([status, body], [403, ""], JSON.stringify([at, options]))
          assert.isUndefined(headers["access-control-allow-origin"])
        }

        const shown = eventsIn((await events).body)
        const { code, err, out } = await run.ended
        assert.strictEqual(code, 0, err)
        assert.strictEqual(without.code, 0, without.err)
        assert.strictEqual(plain(out), plain(without.out))
        // Members are told of as they are read.
        const lines = (text: string) => plain(text).split("\n").toSorted()
        assert.deepStrictEqual(lines(err.replace(/^Live page.*\n/mu, "")), lines(without.err))
        assert.deepStrictEqual(filesIn(path.join(folder, "shown")), filesIn(path.join(folder, "plain")))
        const last = shown.at(-1)
        assert(last !== undefined)
        assert.deepStrictEqual(
          shown.map(({ name }) => name),
          [...shown.slice(1).map(() => "picture"), "over"]
        )
        assert.strictEqual(last.picture.now, "The run is over: 20 members complete, 0 partial.")
        const [, ratings = ""] = /complete: ([\d,]+) ratings/u.exec(out) ?? []
        assert.deepStrictEqual(last.picture.numbers[0], [ratings, "ratings read"])
        assert.isTrue(shown.some(({ picture: { lists, state } }) => state === "working" && lists[0]?.rows.length !== 0))
      })
    )
  )

  it(
    "ends when the run ends, whatever browsers leave open, and when it is interrupted",
    inEmptyFolder((folder) =>
      withSandbox(async (site) => {
        const run = start(folder, [...wordsOf(site, "out"), "--batches", "50", "--ui"])
        const address = await addressOf(run)
        const { hostname, pathname, port } = new URL(address)
        const deaf = net.connect(Number(port), hostname, () => {
          deaf.write(`GET ${pathname}events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
          deaf.pause()
        })
        const silent = net.connect(Number(port), hostname)
        for (const socket of [deaf, silent]) socket.on("error", () => undefined)
        const { body } = await ask(`${address}events`, {}, (soFar) => {
          if (eventsIn(soFar).length === 2) run.process.kill("SIGINT")
        })
        const { code, err } = await run.ended
        assert.strictEqual(code, 130)
        assert.match(err, /Interrupted\. /u)
        assert.strictEqual(eventsIn(body).at(-1)?.name, "over")
        deaf.destroy()
        silent.destroy()
      })
    )
  )

  it(
    "goes on without the page if the port is taken",
    inEmptyFolder(async (folder) => {
      const server = net.createServer()
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      const bound = server.address()
      assert(bound !== null && typeof bound !== "string")
      try {
        const words = [
          "run",
          "--mode",
          "new",
          "--source",
          "sandbox",
          "--batches",
          "1",
          "--ui",
          "--ui-port",
          String(bound.port)
        ]
        const { code, err } = await lb(folder, words)
        assert.strictEqual(code, 0, err)
        assert.include(
          err,
          `The live page cannot be shown: port ${bound.port} is taken. Choose another one, or leave out --ui-port. The run goes on without it.\n`
        )
        const watching = await lb(folder, ["watch", "--ui-port", String(bound.port)])
        assert.strictEqual(watching.code, 1)
        assert.include(watching.err, "The live page cannot be shown")
      } finally {
        server.close()
      }
    })
  )

  it(
    "shows a refresh, too",
    inEmptyFolder(async (folder) => {
      const made = await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1"])
      assert.strictEqual(made.code, 0, made.err)
      const run = start(folder, ["refresh", "member_1", "member_7", "--source", "sandbox", "--rate", "10", "--ui"])
      const { body } = await ask(`${await addressOf(run)}events`)
      const { code, err } = await run.ended
      assert.strictEqual(code, 0, err)
      assert.strictEqual(eventsIn(body).at(-1)?.picture.state, "done")
    })
  )
})

describe("lb watch", () => {
  it(
    "shows what another process commits, and who that is, and changes nothing",
    inEmptyFolder((folder) =>
      withSandbox(async (site) => {
        const watching = start(folder, ["watch", "--out", "data"])
        const address = await addressOf(watching)
        let run: Started | undefined
        const { body } = await ask(`${address}events`, {}, (soFar) => {
          const last = eventsIn(soFar).at(-1)?.picture
          if (last === undefined) return
          // It goes on until the page has shown what it committed, and then until the page has shown that it is gone.
          if (run === undefined) {
            run = start(folder, [...wordsOf(site, "data", "20"), "--batches", "1000", "--batch-size", "1"])
            // A run that fails is never seen at work.
            void run.ended.then(({ code }) => code === 130 || watching.process.kill("SIGKILL"))
          }
          if (last.numbers.length === 0) return
          ;(last.state === "working" ? run : watching).process.kill("SIGINT")
        })
        assert(run !== undefined)
        assert.strictEqual((await run.ended).code, 130)
        assert.strictEqual((await watching.ended).code, 130)
        const pictures = eventsIn(body).map(({ picture }) => picture)
        assert.match(pictures[0]?.now ?? "", /^Nothing is committed yet\. No process works on it\.$/u)
        assert.isTrue(
          pictures.some(({ now }) => now.includes(`Process ${run?.process.pid} on `)),
          JSON.stringify(pictures.map(({ now }) => now))
        )
        const last = pictures.at(-1)
        const users = fs
          .readFileSync(path.join(folder, "data", "latest_user_mappings.csv"), "utf8")
          .trimEnd()
          .split("\n")
        assert.strictEqual(last?.numbers.find(([, name]) => name === "members")?.[0], String(users.length - 1))
        assert.isAbove(last?.lists[0]?.rows.length ?? 0, 0)
        assert.deepStrictEqual(
          fs.readdirSync(path.join(folder, "data")).filter((name) => name.startsWith(".")),
          []
        )
      })
    )
  )

  it(
    "says what is wrong with a dataset, and goes on",
    inEmptyFolder(async (folder) => {
      fs.mkdirSync(path.join(folder, "data_output"))
      fs.writeFileSync(path.join(folder, "data_output", "manifest.json"), "<script>")
      const watching = start(folder, ["watch"])
      const { body } = await ask(`${await addressOf(watching)}events`, {}, (soFar) => {
        if (eventsIn(soFar).length === 1) watching.process.kill("SIGINT")
      })
      assert.strictEqual((await watching.ended).code, 130)
      const [first] = eventsIn(body)
      assert(first !== undefined)
      assert.strictEqual(first.picture.state, "stopped")
      assert.include(first.picture.now, "manifest.json")
    })
  )
})

const picture = (title: string): LivePicture => ({ title, lead: "", state: "working", now: "", numbers: [], lists: [] })

describe("the server of the live page", () => {
  it("drops pictures that a browser does not take, and ends with it", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* Scope.extend(LiveServer.make({ port: 0, token: "token" }), scope)
      const { port } = new URL(server.address)
      let isClosed = false
      const deaf = net.connect(Number(port), "127.0.0.1")
      deaf.on("error", () => undefined)
      deaf.on("close", () => {
        isClosed = true
      })
      const connected = new Promise<void>((resolve) => deaf.once("readable", resolve))
      deaf.write(`GET /token/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
      yield* Effect.promise(() => connected)
      const before = process.memoryUsage().rss
      // 400 MB, if they were kept.
      for (let n = 0; n < 4000; n++) {
        yield* server.show(picture(`${n}${"x".repeat(100_000)}`))
        if (n % 100 === 0) yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      assert.isBelow(process.memoryUsage().rss - before, 200_000_000)
      // As at the end of a command that was interrupted.
      yield* Effect.uninterruptible(server.end(picture("last")))
      yield* Scope.close(scope, Exit.void)
      deaf.resume()
      yield* Effect.promise(() =>
        isClosed ? Promise.resolve() : new Promise((resolve) => deaf.once("close", resolve))
      )
    }).pipe(Effect.runPromise))

  it("serves so many browsers, gives each the latest picture at once, and gives their places back", () =>
    Effect.gen(function* () {
      const server = yield* LiveServer.make({ port: 0, token: "token" })
      yield* server.show(picture("one"))
      const firsts: Array<string> = []
      const closings = yield* Effect.promise(() =>
        Promise.all(
          Array.from(
            { length: 8 },
            () =>
              new Promise<() => Promise<void>>((resolve, reject) => {
                const request = http.get(`${server.address}events`, { agent: false }, (response) => {
                  response.once("data", (data: Buffer) => {
                    firsts.push(data.toString("utf8"))
                    resolve(
                      () =>
                        new Promise((done) => {
                          response.once("close", done)
                          request.destroy()
                        })
                    )
                  })
                  response.on("error", () => undefined)
                })
                request.on("error", reject)
              })
          )
        )
      )
      assert.deepStrictEqual(
        [...new Set(firsts)].map((text) => eventsIn(text)[0]?.picture.title),
        ["one"]
      )
      assert.strictEqual((yield* Effect.promise(() => ask(`${server.address}events`))).status, 503)
      yield* Effect.promise(() => Promise.all(closings.map((close) => close())))
      let status: number | undefined
      for (let tries = 0; status !== 200 && tries < 100; tries++)
        status = (yield* Effect.promise(() => ask(`${server.address}events`, { method: "HEAD" }))).status
      assert.strictEqual(status, 200)
      let isThere: () => void = () => undefined
      const there = new Promise<void>((resolve) => {
        isThere = resolve
      })
      const looking = ask(`${server.address}events`, {}, () => isThere())
      yield* Effect.promise(() => there)
      yield* server.end(picture("last"))
      const { body } = yield* Effect.promise(() => looking)
      assert.deepStrictEqual(
        eventsIn(body).map((one) => [one.name, one.picture.title]),
        [
          ["picture", "one"],
          ["over", "last"]
        ]
      )
    }).pipe(Effect.scoped, Effect.runPromise))
})
