import { assert, describe, it } from "@effect/vitest"
import { emptyDatasetState, makeIdRegistry } from "@letterboxd-ratings/core"
import * as fc from "fast-check"
import { film, userId, username } from "./Worlds.ts"

describe("IdRegistry", () => {
  it("gives dense ids in order, the same name the same id, across any number of runs", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(20))), (runs) => {
        const given = new Map<string, number>()
        let users = new Map(emptyDatasetState.users)
        for (const run of runs) {
          const registry = makeIdRegistry({ users, films: new Map() })
          for (const n of run) {
            const name = username(`member_${n}`)
            const { isNew, userId: id } = registry.user(name)
            assert.strictEqual(isNew, !given.has(name))
            if (isNew) given.set(name, id)
            assert.strictEqual(given.get(name), id)
            users = new Map(users).set(name, id)
          }
        }
        assert.deepStrictEqual(
          [...given.values()],
          Array.from(given, (_, i) => i + 1)
        )
      })
    )
  })

  it("goes on after the highest id, wherever it stands", () => {
    const registry = makeIdRegistry({
      users: new Map([
        [username("last"), userId(7)],
        [username("first"), userId(2)]
      ]),
      films: new Map()
    })
    assert.deepStrictEqual(registry.user(username("next")), { userId: userId(8), isNew: true })
  })

  it("takes a year at the end of a title for the year, where there is none beside it", () => {
    const registry = makeIdRegistry({ users: new Map(), films: new Map() })
    registry.film(film({ id: 1, slug: "x", title: "X (1999)" }))
    registry.film(film({ id: 2, slug: "gone", title: "Gone (1999)", year: 2003 }))
    assert.deepStrictEqual(registry.takeFilms().newFilms, [
      film({ id: 1, slug: "x", title: "X", year: 1999 }),
      film({ id: 2, slug: "gone", title: "Gone (1999)", year: 2003 })
    ])
  })

  it("tells new and changed films once", () => {
    const a = film({ id: 1, slug: "a", title: "A" })
    const renamed = film({ id: 1, slug: "a-2", title: "A" })
    const b = film({ id: 2, slug: "b" })
    const registry = makeIdRegistry({ users: new Map(), films: new Map([[a.id, a]]) })
    registry.film(a)
    assert.deepStrictEqual(registry.takeFilms(), { newFilms: [], changedFilms: [] })
    registry.film(b)
    registry.film(renamed)
    registry.film(b)
    assert.deepStrictEqual(registry.takeFilms(), { newFilms: [b], changedFilms: [{ before: a, after: renamed }] })
    assert.deepStrictEqual(registry.takeFilms(), { newFilms: [], changedFilms: [] })
  })

  it("learns a new slug or title from a film that nobody rated, where the film is known, and takes in no other", () => {
    const a = film({ id: 1, slug: "a" })
    const titled = film({ id: 1, slug: "a", title: "A", year: 1999 })
    const b = film({ id: 2, slug: "b" })
    const registry = makeIdRegistry({ users: new Map(), films: new Map([[a.id, a]]) })
    registry.filmIfKnown(titled)
    registry.filmIfKnown(b)
    assert.deepStrictEqual(registry.takeFilms(), { newFilms: [], changedFilms: [{ before: a, after: titled }] })
    registry.film(b)
    registry.filmIfKnown(film({ id: 2, slug: "b-2" }))
    assert.deepStrictEqual(registry.takeFilms(), { newFilms: [film({ id: 2, slug: "b-2" })], changedFilms: [] })
  })
})
