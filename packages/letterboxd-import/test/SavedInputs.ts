/**
 * Saved pages as files in a temp folder, and what the kind tells of them.
 */
import { FileSystem, Path } from "@effect/platform"
import { ImportedList, type ImportItem, type ListPart } from "@letterboxd-ratings/core"
import {
  type Candidate,
  headBytes,
  type ImportOptions,
  type InputKind,
  savedPages
} from "@letterboxd-ratings/letterboxd-import"
import { Chunk, DateTime, Effect, Option, Stream } from "effect"

export const modifiedAt = DateTime.unsafeMake("2026-10-05T12:00:00Z")

/** Writes files into a new folder; gives a candidate for each, in the order of the names. */
export const candidates = (files: Readonly<Record<string, string | Uint8Array>>, entries: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    return yield* Effect.forEach(Object.entries(files), ([name, content]) =>
      Effect.gen(function* () {
        const bytes = typeof content === "string" ? Buffer.from(content) : content
        const file = path.join(folder, name)
        yield* fs.writeFile(file, bytes)
        const candidate: Candidate = {
          path: file,
          isFolder: false,
          bytes: bytes.length,
          modifiedAt,
          head: bytes.subarray(0, headBytes),
          entries
        }
        return candidate
      })
    )
  })

const nothingKnown = { idOf: () => undefined }

/** Inputs come to a kind with the first bytes only. */
const withShortHead = (input: Candidate): Candidate => ({ ...input, head: input.head.slice(0, 16) })

/** All items of these inputs. */
export const itemsOf = (
  inputs: ReadonlyArray<Candidate>,
  options: Partial<ImportOptions> = {},
  kind: InputKind = savedPages
) =>
  Effect.map(
    Stream.runCollect(kind.items(inputs.map(withShortHead), { baseUrls: [], ...options }, nothingKnown)),
    (items): ReadonlyArray<ImportItem> => Chunk.toReadonlyArray(items)
  )

export const membersIn = (items: ReadonlyArray<ImportItem>) =>
  items.flatMap((item) => (item._tag === "Member" ? [item.member] : []))
export const partsOf = (list: ImportedList): ReadonlyArray<ListPart> =>
  ImportedList.$is("Pages")(list) ? list.parts : []
export const listedOf = (list: ImportedList): number | undefined =>
  ImportedList.$is("Pages")(list) ? list.listedFilms : undefined
export const readIn = (items: ReadonlyArray<ImportItem>) =>
  items.flatMap((item) => (item._tag === "Read" ? [item] : []))
export const refusedIn = (items: ReadonlyArray<ImportItem>) =>
  items.flatMap((item) => (item._tag === "Refused" ? [item.error] : []))

/** The last of some values. */
export const only = <A>(all: ReadonlyArray<A>): A =>
  Option.getOrThrowWith(
    Option.fromNullable(all.length === 1 ? all[0] : undefined),
    () => new Error(`there are ${all.length} instead of one`)
  )
