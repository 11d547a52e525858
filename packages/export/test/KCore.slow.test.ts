import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as zlib from "node:zlib"
import { fileURLToPath } from "node:url"
import { kCore } from "../src/KCore.ts"
import { absentFor, realLists } from "./RealRatings.ts"

const program = fileURLToPath(new URL("k_core.py", import.meta.url))
const absent = absentFor("scipy.sparse")

/** Everybody and every film there has at least 20 ratings, so that the first ones leave out nothing. */
const minima = [
  { userRatings: 20, filmRatings: 20 },
  { userRatings: 300, filmRatings: 100 },
  { userRatings: 1, filmRatings: 50 },
  { userRatings: 500, filmRatings: 100 }
]

describe.skipIf(absent !== "")(`the k-core of 729k real ratings${absent}`, () => {
  it("is the one that matrices give", () => {
    const users = new Map<string, number>()
    const userOf: Array<number> = []
    const films = new Map<string, number>()
    const filmOf: Array<number> = []
    const numberIn = (numbers: Map<string, number>, key: string): number => {
      const known = numbers.get(key) ?? numbers.size
      numbers.set(key, known)
      return known
    }
    for (const { film, member, stars } of realLists()) {
      if (stars === undefined) continue
      userOf.push(numberIn(users, member))
      filmOf.push(numberIn(films, film))
    }
    const python = spawnSync("python3", [program], {
      input: [
        minima.map(({ filmRatings, userRatings }) => `${userRatings}/${filmRatings}`).join(" "),
        ...userOf.map((user, row) => `${user} ${filmOf[row] ?? 0}`),
        ""
      ].join("\n"),
      encoding: "utf8",
      maxBuffer: 2 ** 20
    })
    assert.strictEqual(python.status, 0, python.stderr)
    const rounds: Array<number> = []
    const ours = minima.map((minimum) => {
      const core = kCore({ users: users.size, films: films.size, userOf, filmOf }, minimum)
      rounds.push(core.rounds)
      const left = userOf.flatMap((user, row) => {
        const film = filmOf[row] ?? 0
        return core.users[user] === 1 && core.films[film] === 1 ? [{ user, film }] : []
      })
      const text = left
        .toSorted((one, other) => one.user - other.user || one.film - other.film)
        .map(({ film, user }) => `${user} ${film}`)
        .join("\n")
      const size = (all: Uint8Array) => all.reduce((sum, one) => sum + one, 0)
      return `${size(core.users)} ${size(core.films)} ${left.length} ${zlib.crc32(text)}`
    })
    assert.deepStrictEqual(ours, python.stdout.trimEnd().split("\n"))
    assert.deepStrictEqual(rounds, [0, 8, 1, 7])
  })
})
