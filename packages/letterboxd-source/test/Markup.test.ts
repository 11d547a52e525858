import { assert, describe, it } from "@effect/vitest"
import { filmsPage, generateWorld, generations } from "@letterboxd-ratings/fixtures"
import { markupOf } from "@letterboxd-ratings/letterboxd-source"
import { absence, sharedPage, sharedPagesAbsent } from "./SharedPages.ts"

describe("the generation of a page", () => {
  const [member] = generateWorld().members

  it("is told by its marks", () => {
    if (member === undefined) return assert.fail("the world has no member")
    for (const generation of generations) {
      const body = filmsPage({ member, films: member.films, listing: "", number: 1, generation })
      const found = markupOf(body)
      assert.strictEqual(found.generation, generation)
      assert.isAbove(found.marks["li.griditem"] + found.marks["li.poster-container"], 71)
      const changed = filmsPage({
        member,
        films: member.films,
        listing: "",
        number: 1,
        generation,
        change: "renamed-items"
      })
      assert.notProperty(markupOf(changed), "generation")
    }
    assert.deepStrictEqual(
      Object.values(markupOf("").marks).filter((n) => n > 0),
      []
    )
  })

  it.skipIf(sharedPagesAbsent)(`is that of real pages${absence}`, () => {
    for (const [file, generation] of [
      ["films-legacy-2022.html", "2022"],
      ["films-modern-2025-11.html", "2025-11"],
      ["films-modern-2026-trimmed.html", "2026-04"]
    ] as const)
      assert.strictEqual(markupOf(sharedPage(file)).generation, generation, file)
    assert.deepInclude(markupOf(sharedPage("films-modern-2025-11.html")).marks, { "li.griditem": 72, LazyPoster: 72 })
  })
})
