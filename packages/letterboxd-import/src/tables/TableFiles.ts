/**
 * The files that belong together in a dataset of tables, and how its smaller tables are read.
 */
import { FileSystem, Path } from "@effect/platform"
import { ImportError, ImportItem, type KnownFilms } from "@letterboxd-ratings/core"
import { DateTime, Effect, Option, Stream } from "effect"
import type { Candidate, ImportOptions, InputKind } from "../InputKind.ts"
import {
  columnsAt,
  delimitedBlocks,
  detachedText,
  fileBytes,
  headerFrom,
  type DelimitedForm
} from "../reading/DelimitedRows.ts"
import { type FilmNumbers, filmNumbers, type FilmBridge, noBridge, readBridge } from "./FilmTables.ts"
import { type RatingsInput, ratingsItems } from "./RatingsInput.ts"

type Files = FileSystem.FileSystem | Path.Path

/** A file of a dataset: what it may be called, and columns that it has. */
interface TableFile {
  readonly names: ReadonlyArray<string>
  readonly columns: ReadonlyArray<string>
}

/** A file that was found. */
export interface FoundFile {
  readonly path: string
  readonly bytes: number
  readonly modifiedAt: DateTime.Utc
}

/** A dataset that was found. */
interface FoundTables<F extends string> {
  readonly place: string
  readonly folder: string
  readonly ratings: FoundFile
  readonly files: { readonly [N in F]?: FoundFile }
  readonly modifiedAt: DateTime.Utc
}

/** A kind of dataset of tables: its files, the folders below its own in which they may be, and how it is read. */
export interface TablesKind<F extends string> {
  readonly name: string
  readonly words: string
  readonly keeps: InputKind["keeps"]
  readonly ratings: TableFile
  readonly files: { readonly [N in F]: TableFile }
  readonly subfolders: ReadonlyArray<string>
  readonly isFolder: (names: ReadonlySet<string>) => boolean
  readonly input: (
    found: FoundTables<F>,
    numbers: FilmNumbers,
    bridge: FilmBridge
  ) => Effect.Effect<KindInput, ImportError, Files>
}

/** What a kind tells of an input. `committed` is how many bytes of the ratings count, where something tells that. */
interface KindInput extends Omit<RatingsInput, "kind" | "place" | "file" | "fileBytes" | "endsInLineEnd"> {
  readonly committed?: number
}

const unreadable = (place: string) => (cause: unknown) =>
  new ImportError({ reason: "Unreadable", place, detail: "it cannot be read", cause })

/** Looks at a file; `undefined` if there is none. */
export const lookAt = (path: string): Effect.Effect<FoundFile | undefined, ImportError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* fs.exists(path))) return undefined
    const { mtime, size, type } = yield* fs.stat(path)
    if (type !== "File") return undefined
    return {
      path,
      bytes: Number(size),
      modifiedAt: Option.match(mtime, { onNone: () => DateTime.unsafeMake(0), onSome: DateTime.unsafeFromDate })
    }
  }).pipe(Effect.mapError(unreadable(path)))

const hasColumns = (candidate: Candidate, { columns }: TableFile): boolean => {
  const header = headerFrom(candidate.head, columns)
  return columns.every((column) => header.includes(column))
}

const newest = (files: ReadonlyArray<FoundFile>): DateTime.Utc =>
  files.reduce((latest, { modifiedAt }) => DateTime.max(latest, modifiedAt), DateTime.unsafeMake(0))

/** The only file with one of these names; fails where there are several. */
const theOnlyOne = (place: string, folder: string, subfolders: ReadonlyArray<string>, { names }: TableFile) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const found: Array<FoundFile> = []
    for (const name of names) {
      for (const subfolder of subfolders) {
        const file = yield* lookAt(path.join(folder, subfolder, name))
        if (file !== undefined) found.push(file)
      }
    }
    if (found.length > 1) {
      return yield* new ImportError({
        reason: "Invalid",
        place,
        detail: `${found.map((file) => file.path).join(" and ")} are both there, and nothing tells which one counts`,
        advice: "Move the others into another folder."
      })
    }
    return found[0]
  })

/** One dataset, or a file that belongs to one. */
interface Group {
  readonly place: string
  readonly folder: string
  /** The file of ratings that the user named. */
  readonly ratings?: string
}

/** The datasets that inputs belong to. A folder and files in it that were named too are one. */
const groupsOf = <F extends string>(kind: TablesKind<F>, inputs: ReadonlyArray<Candidate>, path: Path.Path) => {
  const groups: Array<Group> = []
  const taken = new Set<string>()
  const folderOf = (file: string) => {
    const folder = path.dirname(file)
    return kind.subfolders.includes(path.basename(folder)) ? path.dirname(folder) : folder
  }
  const add = (key: string, group: Group) => {
    if (taken.has(key)) return
    taken.add(key)
    groups.push(group)
  }
  for (const input of inputs.filter(({ isFolder }) => isFolder)) {
    add(path.resolve(input.path), { place: input.path, folder: input.path })
  }
  const files = inputs.filter(({ isFolder }) => !isFolder)
  for (const input of files.filter((file) => hasColumns(file, kind.ratings))) {
    const folder = folderOf(input.path)
    if (taken.has(path.resolve(folder))) continue
    add(path.resolve(input.path), { place: input.path, folder, ratings: input.path })
  }
  const withRatings = new Set(groups.map(({ folder }) => path.resolve(folder)))
  for (const input of files.filter((file) => !hasColumns(file, kind.ratings))) {
    const folder = folderOf(input.path)
    if (!withRatings.has(path.resolve(folder))) add(path.resolve(folder), { place: input.path, folder })
  }
  return groups
}

const findTables = <F extends string>(kind: TablesKind<F>, group: Group) =>
  Effect.gen(function* () {
    const { folder, place } = group
    const ratings = yield* group.ratings === undefined
      ? theOnlyOne(place, folder, kind.subfolders, kind.ratings)
      : lookAt(group.ratings)
    if (ratings === undefined) {
      return yield* new ImportError({
        reason: "Incomplete",
        place,
        detail: `there is no ${kind.ratings.names.join(" or ")} in ${folder}`
      })
    }
    const found: { [N in F]?: FoundFile } = {}
    const all: Array<FoundFile> = [ratings]
    for (const name in kind.files) {
      const file = yield* theOnlyOne(place, folder, kind.subfolders, kind.files[name])
      if (file === undefined) continue
      found[name] = file
      all.push(file)
    }
    return { place, folder, ratings, files: found, modifiedAt: newest(all) }
  })

/** The numbers of films, with what the user named. Fails with `InvalidOption`. */
const bridgeOf = ({ films }: ImportOptions) => (films === undefined ? Effect.succeed(noBridge) : readBridge(films))

/** The note on films whose numbers differ. */
export const numberNotes = ({ disagreeing }: FilmNumbers): ReadonlyArray<string> =>
  disagreeing() === 0
    ? []
    : [
        `${disagreeing()} ${disagreeing() === 1 ? "film has" : "films have"} different numbers in the dataset, in the table of films and among the known films; the number of the dataset was taken, then that of the table.`
      ]

/** An input is told, read, and refused if it cannot be read. */
export const inputItems = (
  name: string,
  place: string,
  words: string,
  input: Effect.Effect<RatingsInput, ImportError, Files>
): Stream.Stream<ImportItem, never, Files> =>
  Stream.make(ImportItem.Found({ place, kind: name, words })).pipe(
    Stream.concat(Stream.unwrap(Effect.map(input, ratingsItems))),
    Stream.catchAll((error) => Stream.make(ImportItem.Refused({ error })))
  )

/** Makes a kind of input of a dataset of tables. */
export const tablesKind = <F extends string>(kind: TablesKind<F>): InputKind => ({
  name: kind.name,
  keeps: kind.keeps,
  recognises: (candidate) => {
    if (candidate.isFolder) {
      const names = new Set<string>()
      for (const entry of candidate.entries) {
        const parts = entry.split("/")
        const name = parts.pop() ?? ""
        if (kind.subfolders.includes(parts.join("/"))) names.add(name)
      }
      return kind.isFolder(names)
    }
    return [kind.ratings, ...Object.values<TableFile>(kind.files)].some((file) => hasColumns(candidate, file))
  },
  items: (inputs, options, films) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const path = yield* Path.Path
        const bridge = yield* bridgeOf(options)
        return Stream.flatMap(Stream.fromIterable(groupsOf(kind, inputs, path)), (group) =>
          inputItems(kind.name, group.place, kind.words, preparedInput(kind, group, bridge, films))
        )
      })
    )
})

const preparedInput = <F extends string>(
  kind: TablesKind<F>,
  group: Group,
  bridge: FilmBridge,
  films: KnownFilms
): Effect.Effect<RatingsInput, ImportError, Files> =>
  Effect.gen(function* () {
    const found = yield* findTables(kind, group)
    const { committed, ...input } = yield* kind.input(found, filmNumbers(bridge, films), bridge)
    return {
      ...input,
      kind: kind.name,
      place: group.place,
      file: found.ratings.path,
      endsInLineEnd: true,
      fileBytes: committed ?? found.ratings.bytes
    }
  })

/** What was left out of a smaller table. */
export class LeftOut {
  readonly notes: Array<string> = []
  rows = 0
  add(place: string, rows: number, firstLine: number, why: string): void {
    if (rows === 0) return
    this.rows += rows
    this.notes.push(
      `${rows} ${rows === 1 ? "row" : "rows"} of ${place} ${rows === 1 ? "was" : "were"} not read because ${why}; the first is line ${firstLine}.`
    )
  }
}

/**
 * Reads a smaller table. `take` gets the cells of a row by columns (empty where a column is absent), and returns whether the
 * row is one of this table; rows that are not, and a last row without a line end, are counted in `leftOut`. The texts of cells keep nothing else alive.
 */
export const readSmallTable = (
  place: string,
  columns: ReadonlyArray<string>,
  leftOut: LeftOut,
  why: string,
  take: (cell: (column: string) => string, line: number) => boolean | ImportError,
  most?: number
): Effect.Effect<DelimitedForm | undefined, ImportError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    let rows = 0
    let firstLine = 0
    let known: DelimitedForm | undefined
    const leave = (line: number) => {
      rows += 1
      if (firstLine === 0 || line < firstLine) firstLine = line
    }
    yield* Stream.runForEach(
      delimitedBlocks(place, fileBytes(place, most), columns),
      ({ damaged, form, isOpen, rows }) =>
        Effect.gen(function* () {
          known = form
          yield* columnsAt(place, form, columns)
          damaged.forEach(leave)
          const cutLine = isOpen ? rows.at(-1)?.line : undefined
          for (const { cells, line } of rows) {
            if (cells.length !== form.header.length || line === cutLine) {
              leave(line)
              continue
            }
            const taken = take((column) => detachedText(cells[form.header.indexOf(column)] ?? ""), line)
            if (typeof taken !== "boolean") return yield* taken
            if (!taken) leave(line)
          }
        })
    )
    leftOut.add(place, rows, firstLine, why)
    return known
  })
