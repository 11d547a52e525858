/**
 * Inputs in a folder that goes after the test, and what an import of them gives.
 */
import { FileSystem, Path } from "@effect/platform"
import { assert } from "@effect/vitest"
import { FilmId, type ImportItem, type KnownFilms, Slug, Username } from "@letterboxd-ratings/core"
import { Chunk, Effect, Schema, Stream } from "effect"
import { LetterboxdImport } from "@letterboxd-ratings/letterboxd-import"

export const username = Schema.decodeSync(Username)
export const slug = Schema.decodeSync(Slug)
export const filmId = Schema.decodeSync(FilmId)

export const noFilms: KnownFilms = { idOf: () => undefined }

/** Writes files, by their names below a new folder, and gives the folder. */
export const writeFiles = (files: Iterable<readonly [string, Uint8Array | string]>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    for (const [name, content] of files) {
      const file = path.join(folder, name)
      yield* fs.makeDirectory(path.dirname(file), { recursive: true })
      yield* fs.writeFile(file, typeof content === "string" ? Buffer.from(content) : content)
    }
    return folder
  }).pipe(Effect.orDie)

type Options = Partial<LetterboxdImport.LetterboxdImportOptions>

/** All items of an import of paths. */
export const importPaths = (paths: ReadonlyArray<string>, options: Options = {}, films: KnownFilms = noFilms) =>
  Effect.gen(function* () {
    const source = yield* LetterboxdImport.make({ baseUrls: [], ...options, paths })
    return Chunk.toReadonlyArray(yield* Stream.runCollect(source.items(films)))
  })

/** All items of an import of one file. */
export const importFile = (name: string, content: Uint8Array | string, options: Options = {}, films?: KnownFilms) =>
  Effect.gen(function* () {
    const folder = yield* writeFiles([[name, content]])
    return yield* importPaths([`${folder}/${name}`], options, films)
  })

export const membersOf = (items: ReadonlyArray<ImportItem>) =>
  items.flatMap((item) => (item._tag === "Member" ? [item.member] : []))

export const refusedOf = (items: ReadonlyArray<ImportItem>) =>
  items.flatMap((item) => (item._tag === "Refused" ? [item.error] : []))

export const readOf = (items: ReadonlyArray<ImportItem>) =>
  items.flatMap((item) => (item._tag === "Read" ? [item] : []))

export const notesOf = (items: ReadonlyArray<ImportItem>) =>
  items.flatMap((item) => (item._tag === "Note" ? [item] : []))

export const asideOf = (items: ReadonlyArray<ImportItem>) =>
  items.flatMap((item) => (item._tag === "Aside" ? item.rows : []))

/** The only member of an import, and what was told of its input. */
export const onlyMember = (items: ReadonlyArray<ImportItem>) => {
  const [member, ...others] = membersOf(items)
  const [read] = readOf(items)
  assert(member !== undefined && read !== undefined, JSON.stringify(items))
  assert.strictEqual(others.length, 0)
  assert(member.list._tag === "Complete" || member.list._tag === "Unproven")
  return {
    member,
    proof: member.list._tag,
    films: member.list.films,
    counts: read.counts,
    notes: read.notes
  }
}

/** The only reason for which nothing of an import could be taken. */
export const onlyRefusal = (items: ReadonlyArray<ImportItem>) => {
  const [error, ...others] = refusedOf(items)
  assert(error !== undefined, JSON.stringify(items))
  assert.strictEqual(others.length, 0)
  assert.strictEqual(membersOf(items).length, 0)
  return error
}
