/**
 * Inputs in temporary folders, and all that a kind tells of them.
 */
import { FileSystem, Path } from "@effect/platform"
import type { FilmId, ImportItem, KnownFilms } from "@letterboxd-ratings/core"
import { Chunk, DateTime, Effect, Option, Stream } from "effect"
import { type Candidate, headBytes, type ImportOptions, type InputKind } from "../src/index.ts"

export const noFilms: KnownFilms = { idOf: () => undefined }

export const knownFilms = (films: Iterable<readonly [slug: string, id: FilmId]>): KnownFilms => {
  const ids = new Map<string, FilmId>(films)
  return { idOf: (slug) => ids.get(slug) }
}

export const noOptions: ImportOptions = { baseUrls: [] }

/** Writes files into a new folder, which goes with the scope. */
export const folderWith = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    for (const [name, content] of Object.entries(files)) {
      const place = path.join(folder, name)
      yield* fs.makeDirectory(path.dirname(place), { recursive: true })
      yield* fs.writeFile(place, typeof content === "string" ? new TextEncoder().encode(content) : content)
      yield* fs.utimes(place, new Date("2023-10-05T00:00:00Z"), new Date("2023-10-05T00:00:00Z"))
    }
    return folder
  })

/** What a look at a path shows. */
export const candidateOf = (place: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { mtime, size, type } = yield* fs.stat(place)
    const isFolder = type === "Directory"
    const candidate: Candidate = {
      path: place,
      isFolder,
      bytes: Number(size),
      modifiedAt: DateTime.unsafeFromDate(Option.getOrThrow(mtime)),
      head: isFolder
        ? new Uint8Array()
        : Option.getOrElse(
            yield* Stream.runHead(fs.stream(place, { bytesToRead: headBytes, chunkSize: headBytes })),
            () => new Uint8Array()
          ),
      entries: isFolder ? yield* fs.readDirectory(place, { recursive: true }) : []
    }
    return candidate
  })

/** All items of a kind, sorted by what they are. */
export const itemsOf = (
  kind: InputKind,
  places: ReadonlyArray<string>,
  options: ImportOptions = noOptions,
  films: KnownFilms = noFilms
) =>
  Effect.gen(function* () {
    const candidates = yield* Effect.forEach(places, candidateOf)
    return sortedItems(yield* Stream.runCollect(kind.items(candidates, options, films)))
  })

export const sortedItems = (chunk: Chunk.Chunk<ImportItem>) => {
  const items = Chunk.toReadonlyArray(chunk)
  return {
    items,
    tags: items.map(({ _tag }) => _tag),
    members: items.flatMap((item) => (item._tag === "Member" ? [item.member] : [])),
    aside: items.flatMap((item) => (item._tag === "Aside" ? item.rows : [])),
    read: items.flatMap((item) => (item._tag === "Read" ? [item] : [])),
    refused: items.flatMap((item) => (item._tag === "Refused" ? [item.error] : []))
  }
}

/** Each rating that is told, as one text. */
export const ratingsIn = (read: ReturnType<typeof sortedItems>): ReadonlyArray<string> =>
  read.members
    .flatMap(({ list, username }) =>
      (list._tag === "Unproven" ? list.films : []).map(({ film, rating }) => `${username} ${film.id} ${rating}`)
    )
    .toSorted()
