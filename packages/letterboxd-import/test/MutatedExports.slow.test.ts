/**
 * Exports with random damage: whatever it is, the import ends, and claims no wrong rating to be complete.
 */
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  exportedFilms,
  exportFiles,
  exportName,
  exportZip,
  generateWorld,
  packFiles
} from "@letterboxd-ratings/fixtures"
import { DateTime, Effect } from "effect"
import { PCGRandom } from "effect/Utils"
import { sample } from "../../../vitest.sample.ts"
import { importFile, membersOf } from "./Imported.ts"

const world = generateWorld({ members: 12, mostFilms: 100 })
const member = world.members.find(({ films }) => films.length >= 60 && films.length <= 150) ?? world.members[0]
assert(member !== undefined)
const name = exportName(member.username)
const right = new Map(exportedFilms(member).map((exported) => [exported.film.id, exported]))

/** One of the ways in which bytes go wrong. */
const mutate = (bytes: Uint8Array, random: PCGRandom): Uint8Array => {
  const changed = Buffer.from(bytes)
  const at = () => random.integer(Math.max(changed.length, 1))
  switch (random.integer(7)) {
    case 0:
      return changed.subarray(0, at())
    case 1: {
      const [from, to] = [at(), at()].toSorted((a, b) => a - b)
      return changed.fill(0, from, to)
    }
    case 2: {
      const [from = 0, to = 0] = [at(), at()].toSorted((a, b) => a - b)
      return Buffer.concat([changed.subarray(0, from), changed.subarray(to)])
    }
    case 3: {
      const from = at()
      const part = changed.subarray(from, from + random.integer(200))
      const into = at()
      return Buffer.concat([changed.subarray(0, into), part, changed.subarray(into)])
    }
    case 4: {
      // The list at the end is small, and everything depends on it.
      const from = Math.max(0, changed.length - 1200)
      for (let i = 0; i <= random.integer(3); i++) {
        const place = from + random.integer(changed.length - from)
        changed[place] = random.integer(256)
      }
      return changed
    }
    default:
      for (let i = 0; i <= random.integer(4); i++) {
        const place = at()
        changed[place] = (changed[place] ?? 0) ^ (1 << random.integer(8))
      }
      return changed
  }
}

const imported = (bytes: Uint8Array) =>
  importFile(name, bytes).pipe(Effect.timeout("20 seconds"), Effect.scoped, Effect.provide(NodeContext.layer))

describe("mutated exports", () => {
  it.live(
    "are refused, or their complete lists are right",
    () =>
      Effect.gen(function* () {
        const originals = [
          yield* exportZip(member),
          yield* exportZip(member, { isZip64: true }),
          yield* exportZip(member, { folder: "export", mark: true, delimiter: ";" })
        ]
        const seen = { complete: 0, others: 0 }
        for (const seed of sample(
          "mutated ZIPs",
          Array.from({ length: 10_000 }, (_, seed) => seed),
          200
        )) {
          const random = new PCGRandom(seed)
          const items = yield* imported(mutate(originals[seed % originals.length] ?? new Uint8Array(), random))
          const complete = membersOf(items).filter(({ list }) => list._tag === "Complete")
          if (complete.length === 0) seen.others += 1
          else seen.complete += 1
          for (const { list, username } of complete) {
            assert(list._tag === "Complete")
            assert.strictEqual<string>(username, member.username, `seed ${seed}`)
            assert.strictEqual(list.films.length, right.size, `seed ${seed}`)
            for (const { film, ratedOn, rating } of list.films) {
              const known = right.get(film.id)
              assert.deepStrictEqual<unknown>([rating, ratedOn], [known?.rating, known?.ratedOn], `seed ${seed}`)
            }
          }
        }
        // Damage to what is not read leaves an export complete. Both must have been tried.
        assert.isAbove(seen.complete, 0)
        assert.isAbove(seen.others, 0)
      }),
    900_000
  )

  it.live(
    "whose files are mutated, with checksums that are right, are read to an end",
    () =>
      Effect.gen(function* () {
        const original = exportFiles(member)
        const names = [
          "profile.csv",
          "watched.csv",
          "ratings.csv",
          "likes/films.csv",
          "diary.csv",
          "orphaned/diary.csv"
        ]
        for (const seed of sample(
          "mutated files",
          Array.from({ length: 5000 }, (_, seed) => seed),
          200
        )) {
          const random = new PCGRandom(seed)
          const files = new Map(original)
          const file = names[seed % names.length] ?? ""
          files.set(file, mutate(files.get(file) ?? new Uint8Array(), random))
          const modifiedAt = DateTime.unsafeMake("2026-10-03T08:15:00Z")
          const items = yield* imported(yield* packFiles(files, { modifiedAt, isZip64: false }))
          const last = items.at(-1)
          assert(last?._tag === "Read" || last?._tag === "Refused", `seed ${seed}`)
          for (const { list } of membersOf(items)) {
            assert(list._tag === "Complete" || list._tag === "Unproven")
            const ids = list.films.map(({ film }) => film.id)
            assert.strictEqual(new Set(ids).size, ids.length, `seed ${seed}`)
          }
        }
      }),
    900_000
  )
})
