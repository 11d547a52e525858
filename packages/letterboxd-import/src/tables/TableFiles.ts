/**
 * The files that belong together in a dataset of tables, and how its smaller tables are read.
 */
import { type FileSystem, Path } from "@effect/platform"
import { ImportError, ImportItem, type KnownFilms } from "@letterboxd-ratings/core"
import { DateTime, Effect, type Scope, Stream } from "effect"
import { type Candidate, headBytes, type ImportOptions, type InputKind } from "../InputKind.ts"
import {
  columnsAt,
  delimitedBlocks,
  detachedText,
  fileBytes,
  headerFrom,
  type DelimitedForm
} from "../reading/DelimitedRows.ts"
import { filesOfFolder, filesOfTablesZip, type NamedFile, type NamedFiles } from "../reading/NamedFiles.ts"
import { isZip } from "../reading/ZipArchive.ts"
import { type FilmNumbers, filmNumbers, type FilmBridge, noBridge, readBridge } from "./FilmTables.ts"
import { type RatingsInput, ratingsItems } from "./RatingsInput.ts"

type Files = FileSystem.FileSystem | Path.Path

/** A file of a dataset: what it may be called, and columns that it has. */
interface TableFile {
  readonly names: ReadonlyArray<string>
  readonly columns: ReadonlyArray<string>
}

/** A dataset that was found. `all` are the files that stand together, `files` those that the kind reads besides the ratings. */
interface FoundTables<F extends string> {
  readonly place: string
  readonly all: NamedFiles
  readonly ratings: NamedFile
  readonly files: { readonly [N in F]?: NamedFile }
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
    found: FoundTables<NoInfer<F>>,
    numbers: FilmNumbers,
    bridge: FilmBridge
  ) => Effect.Effect<KindInput, ImportError, Files>
}

/** What a kind tells of an input. */
export type KindInput = Omit<RatingsInput, "kind" | "place" | "file" | "endsInLineEnd">

const hasColumns = (head: Uint8Array, { columns }: TableFile): boolean => {
  const header = headerFrom(head, columns)
  return columns.every((column) => header.includes(column))
}

/** The folders of an archive that hold all of its files, the outermost first: none (``), `ml-25m/` ... */
const sharedFolders = (entries: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [first = ""] = entries
  const folders = [""]
  for (let end = first.indexOf("/"); end !== -1; end = first.indexOf("/", end + 1)) {
    const folder = first.slice(0, end + 1)
    if (!entries.every((name) => name.startsWith(folder))) break
    folders.push(folder)
  }
  return folders
}

/** Where the dataset is in a folder or a ZIP: below nothing (``), or in a ZIP below a folder that holds all files. */
const rootOf = <F extends string>({ isFolder, subfolders }: TablesKind<F>, candidate: Candidate): string | undefined =>
  (candidate.isFolder ? [""] : sharedFolders(candidate.entries)).find((root) => {
    const names = new Set<string>()
    for (const entry of candidate.entries) {
      if (!entry.startsWith(root)) continue
      const parts = entry.slice(root.length).split("/")
      const name = parts.pop() ?? ""
      if (subfolders.includes(parts.join("/"))) names.add(name)
    }
    return isFolder(names)
  })

const newest = (files: ReadonlyArray<NamedFile>): DateTime.Utc =>
  files.reduce((latest, { modifiedAt }) => DateTime.max(latest, modifiedAt), DateTime.unsafeMake(0))

/** The only file with one of these names; fails where there are several. */
const theOnlyOne = (place: string, files: NamedFiles, subfolders: ReadonlyArray<string>, { names }: TableFile) =>
  Effect.gen(function* () {
    const found: Array<NamedFile> = []
    for (const name of names) {
      for (const subfolder of subfolders) {
        const file = yield* files.find(subfolder === "" ? name : `${subfolder}/${name}`)
        if (file !== undefined) found.push(file)
      }
    }
    if (found.length > 1) {
      return yield* new ImportError({
        reason: "Invalid",
        place,
        detail: `${found.map((file) => file.place).join(" and ")} are both there, and nothing tells which one counts`,
        advice: "Move the others into another folder."
      })
    }
    return found[0]
  })

/** One dataset, or a file that belongs to one. */
interface Group {
  readonly place: string
  readonly folder: string
  readonly open: Effect.Effect<NamedFiles, ImportError, Files | Scope.Scope>
  /** The file of ratings that the user named. */
  readonly ratings?: string
}

/** Whether a file has the ratings of a kind. One that cannot be read may have them, and is told of when it is read. */
const hasRatings = <F extends string>({ ratings }: TablesKind<F>, { path }: Candidate) =>
  Stream.runFold(fileBytes(path, headBytes), new Uint8Array(0), (head, part) => Buffer.concat([head, part])).pipe(
    Effect.map((head) => hasColumns(head, ratings)),
    Effect.orElseSucceed(() => true)
  )

/** The datasets that inputs belong to. A folder and files in it that were named too are one. */
const groupsOf = <F extends string>(kind: TablesKind<F>, inputs: ReadonlyArray<Candidate>) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
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
    const files: Array<Candidate> = []
    for (const input of inputs) {
      const place = input.path
      if (input.isFolder) add(path.resolve(place), { place, folder: place, open: filesOfFolder(place) })
      else if (isZip(input.head))
        add(path.resolve(place), { place, folder: place, open: filesOfTablesZip(input, rootOf(kind, input) ?? "") })
      else files.push(input)
    }
    const others: Array<Candidate> = []
    for (const input of files) {
      if (!(yield* hasRatings(kind, input))) {
        others.push(input)
        continue
      }
      const folder = folderOf(input.path)
      if (taken.has(path.resolve(folder))) continue
      const ratings = path.relative(folder, input.path)
      add(path.resolve(input.path), { place: input.path, folder, open: filesOfFolder(folder), ratings })
    }
    const withRatings = new Set(groups.map(({ folder }) => path.resolve(folder)))
    for (const input of others) {
      const folder = folderOf(input.path)
      if (withRatings.has(path.resolve(folder))) continue
      add(path.resolve(folder), { place: input.path, folder, open: filesOfFolder(folder) })
    }
    return groups
  })

const findTables = <F extends string>(kind: TablesKind<F>, { folder, open, place, ratings: named }: Group) =>
  Effect.gen(function* () {
    const all = yield* open
    const ratings = yield* named === undefined ? theOnlyOne(place, all, kind.subfolders, kind.ratings) : all.find(named)
    if (ratings === undefined) {
      return yield* new ImportError({
        reason: "Incomplete",
        place,
        detail: `there is no ${kind.ratings.names.join(" or ")} in ${folder}`
      })
    }
    const files: { [N in F]?: NamedFile } = {}
    const found: Array<NamedFile> = [ratings]
    for (const name in kind.files) {
      const file = yield* theOnlyOne(place, all, kind.subfolders, kind.files[name])
      if (file === undefined) continue
      files[name] = file
      found.push(file)
    }
    return { place, all, ratings, files, modifiedAt: newest(found) }
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

/** An input is told, read, and refused if it cannot be read. What it opened is closed when it was read. */
export const inputItems = (
  name: string,
  place: string,
  words: string,
  input: Effect.Effect<RatingsInput, ImportError, Files | Scope.Scope>
): Stream.Stream<ImportItem, never, Files> =>
  Stream.make(ImportItem.Found({ place, kind: name, words })).pipe(
    Stream.concat(Stream.unwrapScoped(Effect.map(input, ratingsItems))),
    Stream.catchAll((error) => Stream.make(ImportItem.Refused({ error })))
  )

/** Makes a kind of input of a dataset of tables. */
export const tablesKind = <F extends string>(kind: TablesKind<F>): InputKind => ({
  name: kind.name,
  keeps: kind.keeps,
  recognises: (candidate) =>
    candidate.isFolder || isZip(candidate.head)
      ? rootOf(kind, candidate) !== undefined
      : [kind.ratings, ...Object.values<TableFile>(kind.files)].some((file) => hasColumns(candidate.head, file)),
  items: (inputs, options, films) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const bridge = yield* bridgeOf(options)
        return Stream.flatMap(Stream.fromIterable(yield* groupsOf(kind, inputs)), (group) =>
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
): Effect.Effect<RatingsInput, ImportError, Files | Scope.Scope> =>
  Effect.gen(function* () {
    const found = yield* findTables(kind, group)
    const input = yield* kind.input(found, filmNumbers(bridge, films), bridge)
    return { ...input, kind: kind.name, place: group.place, file: found.ratings, endsInLineEnd: true }
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
  { place, read }: NamedFile,
  columns: ReadonlyArray<string>,
  leftOut: LeftOut,
  why: string,
  take: (cell: (column: string) => string, line: number) => boolean | ImportError,
  most?: number
): Effect.Effect<DelimitedForm | undefined, ImportError> =>
  Effect.gen(function* () {
    let rows = 0
    let firstLine = 0
    let known: DelimitedForm | undefined
    const leave = (line: number) => {
      rows += 1
      if (firstLine === 0 || line < firstLine) firstLine = line
    }
    yield* Stream.runForEach(delimitedBlocks(place, read(most), columns), ({ damaged, form, isOpen, rows }) =>
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
