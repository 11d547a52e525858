/**
 * From the paths that a person names to inputs of known kinds.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import { ImportError } from "@letterboxd-ratings/core"
import { DateTime, Effect, Option } from "effect"
import { type Candidate, headBytes, type InputKind, mostEntries } from "./InputKind.ts"
import { defaultZipBounds, heldBytes, isZip, openZip } from "./reading/ZipArchive.ts"

/**
 * How deep folders are looked into for inputs, and how many files are looked at.
 *
 * @since 0.1.0
 * @category models
 */
export interface InputBounds {
  readonly levels: number
  readonly files: number
}

/**
 * 3 levels of folders and 100,000 files.
 *
 * @since 0.1.0
 * @category models
 */
export const defaultInputBounds: InputBounds = { levels: 3, files: 100_000 }

/**
 * A folder that was looked into. `hidden` files were passed over (`.DS_Store`, `__MACOSX`), `others` are of no known kind;
 * `firstOther` is one of them. `again` are files and folders that were reached before, through a link or another path.
 *
 * @since 0.1.0
 * @category models
 */
export interface SearchedFolder {
  readonly path: string
  readonly hidden: number
  readonly others: number
  readonly again: number
  readonly firstOther?: string
}

/**
 * The inputs by kind, in the order of the kinds and of the paths; what cannot be imported; and the folders that were looked
 * into. Each candidate keeps only the first 16 bytes of its head, so that many inputs need little memory; those of small ZIPs are
 * kept, up to 64 MiB of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Inputs {
  readonly byKind: ReadonlyMap<InputKind, ReadonlyArray<Candidate>>
  readonly refused: ReadonlyArray<ImportError>
  readonly folders: ReadonlyArray<SearchedFolder>
}

/** Enough to tell a ZIP or a gzip file. */
const keptHeadBytes = 16

/** So many bytes of small ZIPs are kept until they are imported: those of about 1,500 exports. */
const keptContentBytes = 64 * 1_048_576

/** So many files of a folder are looked at together: the disk answers them at once. */
const lookedAtOnce = 4

/** The most levels of folders whose files are listed to recognise a folder. */
const listedLevels = 6

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const isHidden = (name: string): boolean => name.startsWith(".") || name === "__MACOSX"

/** Whether any part of a name is hidden. */
const isInHidden = (name: string): boolean => name.split("/").some(isHidden)

/** Whether Node may have replaced bytes of a name that are no UTF-8, so that the name leads nowhere. */
const isReplaced = (name: string): boolean => name.includes("\uFFFD")

const unreadable = (place: string) => (cause: unknown) =>
  new ImportError({
    reason: "Unreadable",
    place,
    ...(!isMissing(cause)
      ? { detail: "the file system refuses to read it" }
      : isReplaced(place)
        ? {
            detail: "there is no such file or folder, or its name is not valid UTF-8, so that it cannot be opened",
            advice: "Check the path, or rename the file or folder, and try again."
          }
        : { detail: "there is no such file or folder" }),
    cause
  })

const isMissing = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "reason" in cause && cause.reason === "NotFound"

const listFolder = (folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const names = yield* Effect.mapError(fs.readDirectory(folder), unreadable(folder))
    return names.sort(byName)
  })

const statOf = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const info = yield* Effect.mapError(fs.stat(path), unreadable(path))
    return {
      type: info.type,
      bytes: Number(info.size),
      modifiedAt: Option.flatMap(info.mtime, (time) => DateTime.make(time)).pipe(
        Option.getOrElse(() => DateTime.unsafeMake(0))
      )
    }
  })

/**
 * The files of a folder with their sizes, at most `mostEntries`; links that lead nowhere are left out. What cannot be
 * opened because of its name is there all the same: without it, the folder could be taken for what it is not.
 */
const filesOf = (folder: string) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const entries: Array<string> = []
    let bytes = 0
    const walk = (below: string, level: number): Effect.Effect<void, ImportError, FileSystem.FileSystem | Path.Path> =>
      Effect.gen(function* () {
        const names = yield* listFolder(path.join(folder, below))
        for (const name of names) {
          if (entries.length >= mostEntries) return
          if (isHidden(name)) continue
          const info = yield* Effect.option(statOf(path.join(folder, below, name)))
          const entry = `${below}${name}`
          if (Option.isNone(info)) {
            if (isReplaced(name)) entries.push(entry)
            continue
          }
          if (info.value.type === "File") {
            entries.push(entry)
            bytes += info.value.bytes
          } else if (info.value.type === "Directory" && level < listedLevels)
            // A link to a folder above ends here at the latest.
            yield* walk(`${entry}/`, level + 1)
        }
      })
    yield* walk("", 1)
    return { entries, bytes }
  })

/** As many bytes of a file as there are, up to `most`. */
const readIn = (file: string, most: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const opened = yield* fs.open(file)
      const head = new Uint8Array(most)
      let length = 0
      while (length < head.length) {
        const read = Number(yield* opened.read(head.subarray(length)))
        if (read === 0) break
        length += read
      }
      return head.subarray(0, length)
    })
  ).pipe(Effect.mapError(unreadable(file)))

/** The first bytes of a file; all of a small one, which costs less. */
const headOf = (file: string, bytes: number) =>
  bytes > headBytes
    ? readIn(file, headBytes)
    : Effect.map(wholeOf(file), (whole) => whole.subarray(0, Math.min(bytes, headBytes)))

const wholeOf = (file: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.mapError(fs.readFile(file), unreadable(file)))

/** A candidate, and why its archive cannot be opened if it is one. */
interface LookedAt {
  readonly candidate: Candidate
  readonly problem?: ImportError
}

const lookAt = (path: string): Effect.Effect<LookedAt, ImportError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const { bytes, modifiedAt, type } = yield* statOf(path)
    if (type === "Directory") {
      const files = yield* filesOf(path)
      return { candidate: { path, isFolder: true, modifiedAt, head: new Uint8Array(0), ...files } }
    }
    if (type !== "File")
      return yield* new ImportError({
        reason: "NotRecognised",
        place: path,
        detail: "it is neither a file nor a folder"
      })
    const head = yield* headOf(path, bytes)
    const file = { path, isFolder: false, bytes, modifiedAt, head }
    if (!isZip(head)) return { candidate: { ...file, entries: [] } }
    const content = bytes > heldBytes ? undefined : bytes === head.length ? head : yield* wholeOf(path)
    const zip = yield* Effect.either(Effect.scoped(openZip(path, defaultZipBounds, content)))
    if (zip._tag === "Left") return { candidate: { ...file, entries: [] }, problem: zip.left }
    const entries = zip.right.entries.map(({ name }) => name).filter((name) => !isInHidden(name))
    return { candidate: { ...file, entries, ...(content === undefined ? {} : { content }) } }
  })

/**
 * Finds the inputs in `paths`. A folder that is no input as a whole is looked into: its files and folders are taken one by
 * one, sorted by name. With `forced`, a file is of that kind whatever it holds, and so is a folder in which nothing is
 * recognised. What a person names and no kind recognises is refused, and so is a damaged ZIP wherever it is; other files in
 * a folder are counted. A file is taken once, also if links lead to it again. Holds 64 KB of a file or 8 MiB of a ZIP at a
 * time, 64 MiB of small ZIPs, and the names and sizes of the inputs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const findInputs = (
  paths: ReadonlyArray<string>,
  kinds: ReadonlyArray<InputKind>,
  options: { readonly forced?: InputKind; readonly bounds?: InputBounds } = {}
): Effect.Effect<Inputs, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const pathOf = yield* Path.Path
    const { bounds = defaultInputBounds, forced } = options
    const candidateKinds = forced === undefined ? kinds : [forced]
    const byKind = new Map<InputKind, Array<Candidate>>(kinds.map((kind) => [kind, []]))
    const refused: Array<ImportError> = []
    const folders: Array<SearchedFolder> = []
    const reached = new Set<string>()
    let room = keptContentBytes
    let files = 0

    const lookedFor = candidateKinds.map(({ looksFor, name }) => looksFor ?? name).join("; ")
    const notRecognised = (place: string, isFolder: boolean) =>
      new ImportError({
        reason: "NotRecognised",
        place,
        detail: isFolder
          ? `nothing in this folder is an input of a known kind; looked for: ${lookedFor}`
          : `this is no input of a known kind; looked for: ${lookedFor}`
      })
    const takenAs = (kind: InputKind, { content, ...looked }: Candidate): void => {
      const candidate = { ...looked, head: looked.head.slice(0, keptHeadBytes) }
      const isKept = content !== undefined && room >= content.length
      if (isKept) room -= content.length
      const input = isKept ? { ...candidate, content } : candidate
      const inputs = byKind.get(kind)
      if (inputs === undefined) byKind.set(kind, [input])
      else inputs.push(input)
    }
    const isReachedAgain = (path: string) =>
      Effect.map(Effect.option(fs.realPath(path)), (real) => {
        const place = Option.getOrElse(real, () => path)
        if (reached.has(place)) return true
        reached.add(place)
        return false
      })
    const tooMany = (place: string) =>
      new ImportError({ reason: "TooLarge", place, detail: `the folders hold more than ${bounds.files} files` })

    /** Takes what a path leads to; how many inputs were found or refused in it. */
    const visit = (
      path: string,
      level: number,
      isNamed: boolean,
      folder: { hidden: number; others: number; again: number; firstOther?: string },
      look: Effect.Effect<LookedAt, ImportError, FileSystem.FileSystem | Path.Path> = lookAt(path)
    ): Effect.Effect<number, never, FileSystem.FileSystem | Path.Path> =>
      Effect.gen(function* () {
        if (yield* isReachedAgain(path)) {
          folder.again += 1
          return 0
        }
        const looked = yield* Effect.either(look)
        if (looked._tag === "Left") {
          refused.push(looked.left)
          return 1
        }
        const { candidate, problem } = looked.right
        const kind = candidateKinds.find((kind) => kind.recognises(candidate))
        if (kind !== undefined && problem === undefined) {
          takenAs(kind, candidate)
          return 1
        }
        if (problem !== undefined) {
          refused.push(problem)
          return 1
        }
        if (!candidate.isFolder) {
          if (forced !== undefined && isNamed) takenAs(forced, candidate)
          else if (isNamed) refused.push(notRecognised(path, false))
          else {
            folder.others += 1
            folder.firstOther ??= path
            return 0
          }
          return 1
        }
        const inside = isNamed ? { hidden: 0, others: 0, again: 0 } : folder
        const count = level > bounds.levels ? 0 : yield* lookInto(path, level, inside)
        if (!isNamed) return count
        if (count === 0) {
          if (forced === undefined) refused.push(notRecognised(path, true))
          else takenAs(forced, candidate)
          return 1
        }
        folders.push({ path, ...inside })
        return count
      })

    const lookInto = (
      path: string,
      level: number,
      folder: { hidden: number; others: number; again: number; firstOther?: string }
    ): Effect.Effect<number, never, FileSystem.FileSystem | Path.Path> =>
      Effect.gen(function* () {
        const names = yield* Effect.either(listFolder(path))
        if (names._tag === "Left") {
          refused.push(names.left)
          return 1
        }
        let count = 0
        const shown = names.right.filter((name) => !isHidden(name))
        folder.hidden += names.right.length - shown.length
        for (let from = 0; from < shown.length; from += lookedAtOnce) {
          const places = shown.slice(from, from + lookedAtOnce).map((name) => pathOf.join(path, name))
          const looks = yield* Effect.forEach(places, (place) => Effect.exit(lookAt(place)), {
            concurrency: lookedAtOnce
          })
          for (const [i, place] of places.entries()) {
            files += 1
            if (files > bounds.files) {
              refused.push(tooMany(path))
              return count + 1
            }
            count += yield* visit(place, level + 1, false, folder, looks[i])
          }
        }
        return count
      })

    for (const path of paths) {
      const named = { hidden: 0, others: 0, again: 0 }
      yield* visit(path, 1, true, named)
      if (named.again > 0) folders.push({ path, ...named })
    }
    return { byKind, refused, folders }
  })
