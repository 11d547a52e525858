import { assert, beforeAll, describe, it } from "@effect/vitest"
import { generateWorld, Sandbox, type World } from "@letterboxd-ratings/fixtures"
import { Effect, Exit, Random, Scope } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { sample } from "../../../vitest.sample.ts"
import { lbProcess, rowsOf, start } from "./Lb.ts"

const storages = sample("storages whose refreshes are killed", ["csv", "sqlite", "parquet"], 2)
const names = { old: "name_before", now: "name_after", gone: "wants_to_leave" }

const generated = generateWorld({ members: 12, mostFilms: 200, private: [], gone: [], renamed: [] })
const before: World = {
  members: generated.members.map(({ films, state, username: own }, i) => {
    const username = i === 3 ? names.old : i === 9 ? names.gone : own
    return { username, displayName: username, state, films }
  })
}
const [joining] = generateWorld({ members: 1, mostFilms: 2000, seed: 9 }).members
/** Each list loses its first film, has other stars for the second, and two more films. */
const after: World = {
  members: before.members.map(({ displayName, films, state, username }) => {
    const [, second, ...rest] = films
    const known = new Set(films.map(({ film }) => film.id))
    const more = (joining?.films ?? []).filter(({ film }) => !known.has(film.id)).slice(0, 2)
    const changed = second === undefined ? [] : [{ ...second, rating: second.rating === 5 ? 1 : 5 }]
    return { username, displayName, state, films: [...changed, ...rest, ...more] }
  })
}

const onDay = (day: number) => ({ SOURCE_DATE_EPOCH: `${Date.UTC(2026, 0, day) / 1000}` })
const scope = Effect.runSync(Scope.make())
let site: Sandbox.Sandbox
let folder: string

const of = (storage: string, data: string) => ["--storage", storage, "--out", data]

/** The ratings of a dataset by names, sorted, now or at the end of a day; and whether it is sound. */
const ratingsOf = async (storage: string, data: string, asOf?: string) => {
  const into = `${data}-export`
  const then = asOf === undefined ? [] : ["--as-of", asOf]
  const args = ["export", "--from", storage, "--out", data, "--to", "csv", "--into", into, ...then]
  const { code, err } = await lbProcess(folder, args, onDay(9))
  assert.strictEqual(code, 0, err)
  const rows = rowsOf(path.join(folder, into), "latest_translated_user_ratings.csv").toSorted()
  fs.rmSync(path.join(folder, into), { recursive: true })
  return rows
}

/** The bytes of all that is in a dataset's folder. */
const holds = (data: string, text: string): ReadonlyArray<string> =>
  fs
    .readdirSync(path.join(folder, data), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => path.join(one.parentPath, one.name))
    .filter((file) => fs.readFileSync(file).includes(text) || file.includes(text))

interface Work {
  readonly name: "refresh" | "rename" | "forget"
  readonly args: () => ReadonlyArray<string>
  /** Codes with which it ends where it was done already. */
  readonly codes: ReadonlyArray<number>
}

const works: ReadonlyArray<Work> = [
  {
    name: "refresh",
    args: () => ["refresh", "--base-url", site.url, "--rate", "unlimited", "--batch-size", "3", "--quiet"],
    codes: [0]
  },
  { name: "rename", args: () => ["rename", names.old, names.now, "--yes"], codes: [0, 1] },
  { name: "forget", args: () => ["forget", names.gone, "--yes"], codes: [0] }
]

/** What each work makes of the dataset, and how long it takes. */
const undisturbed = new Map<string, { readonly ratings: ReadonlyArray<string>; readonly millis: number }>()
const first = new Map<string, ReadonlyArray<string>>()
const keyOf = (storage: string, { name }: Work) => `${storage}-${name}`

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-refresh-killed-"))
  site = await Effect.runPromise(
    Effect.provideService(Sandbox.make({ world: before, behaviour: { latencyMillis: 8 } }), Scope.Scope, scope)
  )
  const args = ["run", "--mode", "new", "--base-url", site.url, "--rate", "unlimited", "--batches", "2", "--quiet"]
  for (const storage of storages) {
    const made = await lbProcess(folder, [...args, ...of(storage, storage)], onDay(1))
    assert.strictEqual(made.code, 0, made.err)
    first.set(storage, await ratingsOf(storage, storage))
  }
  await Effect.runPromise(site.become(after))
  for (const storage of storages) {
    for (const work of works) {
      const data = `${keyOf(storage, work)}-undisturbed`
      fs.cpSync(path.join(folder, storage), path.join(folder, data), { recursive: true })
      const began = performance.now()
      const done = await lbProcess(folder, [...work.args(), ...of(storage, data)], onDay(2))
      assert.strictEqual(done.code, 0, done.err)
      const millis = performance.now() - began
      undisturbed.set(keyOf(storage, work), { ratings: await ratingsOf(storage, data), millis })
      fs.rmSync(path.join(folder, data), { recursive: true })
    }
  }
  return async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    fs.rmSync(folder, { recursive: true, force: true })
  }
}, 240_000)

const instants = Effect.runSync(
  Effect.all(Array.from({ length: 12 }, () => Random.next)).pipe(Effect.withRandom(Random.make("later")))
)
const cases = storages.flatMap((storage) =>
  works.flatMap((work) => instants.map((share) => ({ storage, work, share })))
)

describe("lb refresh, lb rename and lb forget, killed with SIGKILL", () => {
  it("come to the same in the end when they are run again, and lose nothing", async () => {
    for (const [i, { share, storage, work }] of sample("deaths of a refresh, rename or forget", cases, 9).entries()) {
      const wanted = undisturbed.get(keyOf(storage, work))
      const data = `killed-${i}`
      const what = `${work.name} in ${storage}, killed after ${share.toFixed(3)} of its time`
      fs.cpSync(path.join(folder, storage), path.join(folder, data), { recursive: true })
      const args = [...work.args(), ...of(storage, data)]
      const run = start(folder, args, onDay(2))
      const timer = setTimeout(() => run.process.kill("SIGKILL"), share * (wanted?.millis ?? 0))
      await run.ended
      clearTimeout(timer)
      // A refresh that is cut short has read some members again, and no other has lost a row.
      if (work.name === "refresh")
        assert.deepStrictEqual(await ratingsOf(storage, data, "2026-01-01T23:59Z"), first.get(storage), what)
      const again = await lbProcess(folder, args, onDay(2))
      assert.include(work.codes, again.code ?? -1, `${what}: ${again.err}`)
      const proof = await lbProcess(folder, ["verify", ...of(storage, data)], onDay(9))
      assert.include(proof.out, "is valid", `${what}: ${proof.err}`)
      assert.deepStrictEqual(await ratingsOf(storage, data), wanted?.ratings, what)
      if (work.name === "forget") assert.deepStrictEqual(holds(data, names.gone), [], what)
      fs.rmSync(path.join(folder, data), { recursive: true })
    }
  }, 600_000)

  it("differ from each other in what they do", () => {
    for (const storage of storages) {
      const [refreshed, renamed, forgotten] = works.map((work) => undisturbed.get(keyOf(storage, work))?.ratings ?? [])
      const names_ = (rows: ReadonlyArray<string> = []) => new Set(rows.map((row) => row.split(",")[0]))
      assert.isTrue(names_(renamed).has(names.now) && !names_(renamed).has(names.old))
      assert.isFalse(names_(forgotten).has(names.gone))
      assert.notDeepEqual(refreshed, first.get(storage))
    }
  })
})

describe("a refresh that the site refuses on its way", () => {
  it("keeps what it had, and goes on later", async () => {
    const [storage = "csv"] = storages
    fs.cpSync(path.join(folder, storage), path.join(folder, "walled"), { recursive: true })
    await Effect.runPromise(site.behave({ faults: [{ path: "/films/page/2/", kind: "challenge", status: 403 }] }))
    const args = ["refresh", "--base-url", site.url, "--rate", "unlimited", "--max-retries", "0", "--quiet"]
    const walled = await lbProcess(folder, [...args, ...of(storage, "walled")], onDay(2))
    assert.notStrictEqual(walled.code, 0)
    assert.deepStrictEqual(await ratingsOf(storage, "walled", "2026-01-01T23:59Z"), first.get(storage))
    await Effect.runPromise(site.behave({ faults: [] }))
    const again = await lbProcess(folder, [...args, ...of(storage, "walled")], onDay(3))
    assert.strictEqual(again.code, 0, again.err)
    assert.deepStrictEqual(await ratingsOf(storage, "walled"), undisturbed.get(`${storage}-refresh`)?.ratings)
  }, 120_000)
})
