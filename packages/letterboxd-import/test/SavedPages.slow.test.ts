import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ImportError, judgeMember } from "@letterboxd-ratings/core"
import {
  generateWorld,
  harOf,
  plantedSecrets,
  responsesOf,
  savedHtmlOf,
  warcOf,
  type WorldTile
} from "@letterboxd-ratings/fixtures"
import { Effect } from "effect"
import * as zlib from "node:zlib"
import { sample } from "../../../vitest.sample.ts"
import { candidates, itemsOf, listedOf, membersIn, partsOf, refusedIn } from "./SavedInputs.ts"

/** Mulberry32: the same mutations every time. */
const randomFrom = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const hostile = [
  "\0",
  "\uFFFD",
  '"',
  "}",
  "]",
  ",",
  "\\u12",
  "WARC/1.1\r\n",
  "\r\n\r\n",
  "Content-Length: 9999999\r\n",
  "<"
]

/** A few changes of some bytes: cut, flipped, doubled, removed, or something hostile put in. */
const mutated = (bytes: Buffer, seed: number): Buffer => {
  const random = randomFrom(seed)
  let result = bytes
  for (let changes = 1 + random(3); changes > 0 && result.length > 0; changes--) {
    const at = random(result.length)
    const until = Math.min(result.length, at + 1 + random(random(2) === 0 ? 8 : 4000))
    switch (random(6)) {
      case 0:
        result = result.subarray(0, at)
        break
      case 1: {
        result = Buffer.from(result)
        result[at] = random(256)
        break
      }
      case 2:
        result = Buffer.concat([result.subarray(0, until), result.subarray(at)])
        break
      case 3:
        result = Buffer.concat([result.subarray(0, at), result.subarray(until)])
        break
      case 4:
        result = Buffer.concat([
          result.subarray(0, at),
          Buffer.from(hostile[random(hostile.length)] ?? ""),
          result.subarray(at)
        ])
        break
      default:
        result = Buffer.concat([result.subarray(until), result.subarray(0, at)])
    }
  }
  return result
}

const world = generateWorld({ members: 8, mostFilms: 150, private: [], gone: [4], renamed: [5] })
const responses = responsesOf(world)
  .filter(({ url }) => /\/films\//u.test(url))
  .slice(4, 12)
  .concat(responsesOf(world)[0] ?? [])
const films = new Map(world.members.map(({ films, username }) => [username, films]))

const emptyResponse = () => ({ url: "", status: 200, headers: {}, body: "", at: 0 })

const formats = {
  "a.har": Promise.resolve(Buffer.from(harOf(responses))),
  "base64.har": Promise.resolve(Buffer.from(harOf(responses, { base64: true }))),
  "a.warc": warcOf(responses, { gzip: false, encodings: ["plain", "chunked-gzip", "br", "chunked", "deflate"] }),
  "a.warc.gz": warcOf(responses, { encodings: ["gzip"] }),
  "complete.html": Promise.resolve(Buffer.from(savedHtmlOf(responses[0] ?? emptyResponse(), "complete"))),
  "single.html": Promise.resolve(Buffer.from(savedHtmlOf(responses[1] ?? emptyResponse(), "single-file")))
}

const same = (a: ReadonlyArray<readonly [number, number | undefined]>, b: ReadonlyArray<WorldTile>): boolean =>
  a.length === b.length && a.every(([id, rating], i) => id === b[i]?.film.id && rating === b[i]?.rating)

describe("mutated files of saved pages", () => {
  const seeds = Array.from({ length: 10_000 }, (_, i) => i)
  const names = Object.keys(formats) as ReadonlyArray<keyof typeof formats>
  it.scopedLive(
    "end in members, counts or a typed refusal; nothing planted is told",
    () =>
      Effect.gen(function* () {
        let sealed = 0
        let changed = 0
        for (const seed of sample("mutated files of saved pages", seeds, 300)) {
          const name = names[seed % names.length] ?? "a.har"
          const whole = yield* Effect.promise(() => formats[name])
          // A compressed file is damaged on the outside or on the inside.
          const bytes =
            name === "a.warc.gz" && seed % 4 === 0
              ? zlib.gzipSync(mutated(zlib.gunzipSync(whole), seed), { level: 1 })
              : mutated(whole, seed)
          const items = yield* Effect.scoped(
            Effect.flatMap(candidates({ [name]: bytes }), (inputs) => itemsOf(inputs))
          ).pipe(Effect.timeoutFail({ duration: "20 seconds", onTimeout: () => new Error(`seed ${seed} hangs`) }))
          const ends = items.filter(({ _tag }) => _tag === "Read" || _tag === "Refused")
          assert.strictEqual(ends.length, 1, `seed ${seed}`)
          for (const error of refusedIn(items)) {
            assert.instanceOf(error, ImportError)
            assert.isFalse(
              /^(?:Type|Range|Syntax|Reference)Error/u.test(String(error.cause)),
              `seed ${seed}: ${String(error.cause)}`
            )
          }
          const told = JSON.stringify(items, (_, value: unknown) => (value instanceof Error ? value.message : value))
          for (const secret of plantedSecrets) assert.notInclude(told, secret, `seed ${seed}`)
          for (const { list, username } of membersIn(items)) {
            const reading = judgeMember(username, partsOf(list), listedOf(list))
            if (reading.state !== "sealed") continue
            sealed += 1
            const read = reading.films.map(
              ({ film, rating }) => [film.id as number, rating as number | undefined] as const
            )
            if (!same(read, films.get(username) ?? [])) changed += 1
          }
        }
        // A digit of an id or a rating may have changed; a list that lost or gained films is never sealed.
        assert.isAbove(sealed, 0)
        assert.isAtMost(changed, sealed * 0.05)
      }).pipe(Effect.provide(NodeContext.layer)),
    1_200_000
  )
})
