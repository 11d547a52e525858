/**
 * What is in the folder of a dataset, and beside it, and names members: files that `lb` wrote for people, and files of others.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { UserId, Username } from "@letterboxd-ratings/core"
import { isStagingName } from "@letterboxd-ratings/storage-folder"
import { Effect, Option, Schema, Stream } from "effect"

/** Larger files are named, not read. */
const mostBytes = 256 * 1_048_576
/** So many files are looked at, so many folders deep. */
const mostFiles = 20_000
const mostDepth = 20
/** The content of these is not searched. */
const compressed = /\.(?:7z|bz2|gz|parquet|rar|tgz|wacz|xz|zip|zst)$/iu
/** What a recovery or a repair of a dataset kept. */
const keptByRepair = /\.(?:changed|uncommitted)(?:-\d+)?$/u
/** Shorter names stand in the names of too many files. */
const shortestPart = 4
/** The longest name, so that one is found that stands across two parts of a file. */
const longestName = 15

/**
 * Members whose traces are looked for. The number is absent of a member that the dataset never had.
 *
 * @since 0.1.0
 * @category models
 */
export interface TracedMember {
  readonly username: Username
  readonly userId: UserId | undefined
}

/**
 * Where members are looked for: the folder of a dataset and the files in it that are the dataset's own, which are left out
 * (all as absolute paths); what the data card of an export is called, and how reports begin.
 *
 * @since 0.1.0
 * @category models
 */
export interface TracedPlace {
  readonly folder: string
  readonly datasetFiles: ReadonlySet<string>
  readonly dataCardName: string
  readonly reportMark: string
}

/**
 * - `removed`: files of ours in the folder that were removed, or from which what concerns the members was taken; in a
 *   rehearsal, those that would be.
 * - `left`: files of others in which a name stands, and those that could not be searched or changed, with the reason; and
 *   exports, reports and datasets that were set aside, beside the folder. These are the user's own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Traces {
  readonly removed: ReadonlyArray<string>
  readonly left: ReadonlyArray<string>
}

const rawHeader = "user_id,film_id,rating"
const translatedHeader = "username,film_title,rating"
const asideHeader = "username,film_slug,rating,source,read_at"
const missingPagesMark = "<!-- Written by lb import."

const KeptPageFile = Schema.parseJson(
  Schema.Struct({ tool: Schema.String.pipe(Schema.startsWith("lb ")), subject: Schema.String, url: Schema.String })
)
const decodeKeptPage = Schema.decodeUnknownOption(KeptPageFile)

/** Whether one of some names stands in a text as a word of its own. Names are letters, digits and underscores. */
const namedIn =
  (names: ReadonlySet<string>) =>
  (text: string): boolean =>
    (text.match(/(?<!\w)\w{2,15}(?!\w)/gu) ?? []).some((word) => names.has(word.toLowerCase()))

/** Whether one of some names stands in the name of a file or folder, there also as a part of a word. */
const namedAs =
  (names: ReadonlySet<string>) =>
  (fileName: string): boolean => {
    const lower = fileName.toLowerCase()
    return namedIn(names)(fileName) || [...names].some((name) => name.length >= shortestPart && lower.includes(name))
  }

/** A page of links without the parts of some members. */
const withoutLinksOf = (text: string, isOne: (username: string) => boolean): string => {
  const [head = "", ...parts] = text.split(/(?=<h2>)/u)
  const [last = "", tail = ""] = (parts.at(-1) ?? "").split(/(?=<\/html>)/u)
  const lists = [...parts.slice(0, -1), last].filter((part) => !isOne(/^<h2>(\w+)<\/h2>/u.exec(part)?.[1] ?? ""))
  return `${head}${lists.join("")}${tail}`
}

const withoutLines = (text: string, isOne: (firstCell: string) => boolean): string =>
  text
    .split("\n")
    .filter((line) => !isOne(line.split(",", 1)[0] ?? ""))
    .join("\n")

/** What is to be done to one of our files, so that it does not name the members: to have another text, or to go. */
type Cleaning = { readonly text: string } | { readonly remove: ReadonlyArray<string> }

/** How a file is cleaned by its name below the folder and its text; `undefined` for one that is not ours, or names nobody. */
const cleaningOf = (
  members: ReadonlyArray<TracedMember>,
  names: ReadonlySet<string>
): ((name: string, text: string) => Cleaning | undefined) => {
  const isNamed = namedIn(names)
  const ids = new Set(members.flatMap(({ userId }) => (userId === undefined ? [] : [String(userId)])))
  return (name, text) => {
    const changed = (cleaned: string): Cleaning | undefined => (cleaned === text ? undefined : { text: cleaned })
    const [, owner] = /^users[/\\]user_([a-z0-9_]+)_(?:raw|translated)\.csv$/u.exec(name) ?? []
    if (owner !== undefined) {
      const isOurs = text.startsWith(rawHeader) || text.startsWith(translatedHeader)
      return names.has(owner) && isOurs ? { remove: [name] } : undefined
    }
    // What is in other folders may belong to another dataset, in which the numbers are those of others.
    const isInFolder = !/[/\\]/u.test(name)
    if (isInFolder && /_\d{8}-\d{6}(?:-\d+)?\.csv$/u.test(name) && text.startsWith(rawHeader))
      return changed(withoutLines(text, (cell) => ids.has(cell)))
    if (isInFolder && text.startsWith(asideHeader)) return changed(withoutLines(text, (cell) => names.has(cell)))
    if (isInFolder && text.startsWith(missingPagesMark)) {
      const links = withoutLinksOf(text, (username) => names.has(username))
      return links.includes("<h2>") ? changed(links) : { remove: [name] }
    }
    if (/^diagnostics[/\\].*\.json$/u.test(name)) {
      const page = Option.getOrUndefined(decodeKeptPage(text))
      return page !== undefined && (isNamed(page.subject) || isNamed(page.url))
        ? { remove: [name, name.replace(/\.json$/u, ".html")] }
        : undefined
    }
    return undefined
  }
}

/**
 * Removes what our own files in the folder of a dataset hold of members, and finds what else names them there and beside it.
 * A file that does not begin as ours do is left alone. A rehearsal changes nothing. Reads each file once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeTraces = (
  { dataCardName, datasetFiles, folder, reportMark }: TracedPlace,
  members: ReadonlyArray<TracedMember>,
  isRehearsal: boolean
): Effect.Effect<Traces, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const names = new Set<string>(members.map(({ username }) => username))
    const isNamed = namedIn(names)
    const isNamedAs = namedAs(names)
    const cleaning = cleaningOf(members, names)
    const removed: Array<string> = []
    const left: Array<string> = []

    /** A file is replaced as a whole, or stays as it is. */
    const replace = (place: string, text: string) =>
      Effect.gen(function* () {
        let next = `${place}.new`
        for (let n = 2; yield* fs.exists(next); n++) {
          // A run that was killed while it wrote this very text left the beginning of it.
          if (text.startsWith(yield* fs.readFileString(next))) yield* fs.remove(next)
          else next = `${place}.new-${n}`
        }
        yield* fs.writeFileString(next, text, { flag: "wx" })
        yield* fs.rename(next, place)
      })
    const clean = (place: string, done: Cleaning) =>
      "text" in done
        ? replace(place, done.text)
        : Effect.forEach(done.remove, (name) => fs.remove(path.join(folder, name), { force: true }), { discard: true })

    /** Whether a name stands in a file, which is not held in memory. */
    const isNamedIn = (place: string) =>
      Effect.gen(function* () {
        if (isNamedAs(path.basename(place))) return true
        let end = ""
        const found = yield* Stream.runHead(
          Stream.filter(fs.stream(place, { chunkSize: 1_048_576 }), (bytes) => {
            const text = end + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
            end = text.slice(-longestName - 2)
            return isNamed(text)
          })
        )
        return Option.isSome(found)
      })

    /**
     * The files below a folder, by their names in it. Links are not followed: what they lead to is somewhere else, and may be
     * where they stand.
     */
    const filesIn = (root: string) =>
      Effect.gen(function* () {
        const files: Array<string> = []
        const within = (folder: string, depth: number): Effect.Effect<void> =>
          Effect.gen(function* () {
            const place = path.join(root, folder)
            const entries = yield* Effect.option(fs.readDirectory(place))
            if (Option.isNone(entries) || depth > mostDepth)
              return void left.push(`${place} (its files could not be searched)`)
            for (const entry of entries.value.toSorted()) {
              const name = path.join(folder, entry)
              const one = path.join(root, name)
              if (yield* Effect.isSuccess(fs.readLink(one))) {
                left.push(`${one} (a link, which is not followed)`)
                continue
              }
              const type = yield* Effect.orElseSucceed(
                Effect.map(fs.stat(one), (info) => info.type),
                () => "Unknown" as const
              )
              if (type === "Directory") {
                if (isNamedAs(entry)) left.push(one)
                yield* within(name, depth + 1)
              } else if (type === "File") files.push(name)
              if (files.length > mostFiles)
                return void left.push(`${place} (there are too many files to search them all)`)
            }
          })
        yield* within("", 0)
        return files
      })
    const isTooLarge = (place: string) => Effect.map(fs.stat(place), ({ size }) => Number(size) > mostBytes)
    const looking = (place: string, look: Effect.Effect<void, { readonly message: string }>) =>
      Effect.catchAll(look, () => Effect.sync(() => left.push(`${place} (it could not be searched or changed)`)))

    for (const name of yield* filesIn(folder)) {
      const place = path.join(folder, name)
      if (datasetFiles.has(place)) continue
      yield* looking(
        place,
        Effect.gen(function* () {
          // One that went with another one.
          if (!(yield* fs.exists(place))) return
          if (keptByRepair.test(name)) return void left.push(`${place} (kept by a repair)`)
          if (compressed.test(name)) return void left.push(`${place} (its content is not searched)`)
          if (yield* isTooLarge(place)) return void left.push(`${place} (too large to be searched)`)
          const done = /\.(?:csv|json|html)$/iu.test(name) ? cleaning(name, yield* fs.readFileString(place)) : undefined
          if (done !== undefined) {
            if (!isRehearsal) yield* clean(place, done)
            removed.push(place)
          } else if (yield* isNamedIn(place)) left.push(place)
        })
      )
    }

    const base = path.basename(folder)
    const parent = path.dirname(folder)
    /**
     * Why an export, report or old dataset beside may name a member, or what a killed process left of one; `undefined` if it
     * does not, or is something else.
     */
    const beside = (name: string) =>
      Effect.gen(function* () {
        const place = path.join(parent, name)
        const { type } = yield* fs.stat(place)
        if (name.startsWith(`${base}.bak-`)) return place
        if (type === "File") {
          if (!/\.html$/iu.test(name)) return undefined
          const head = yield* Stream.mkString(Stream.decodeText(fs.stream(place, { bytesToRead: reportMark.length })))
          if (head !== reportMark) return undefined
          return (yield* isNamedIn(place)) ? place : undefined
        }
        if (type !== "Directory") return undefined
        const isWhole = yield* fs.exists(path.join(place, dataCardName))
        if (!isWhole && !isStagingName(name)) return undefined
        if (isNamedAs(name)) return place
        const files = yield* filesIn(place)
        for (const file of files) {
          const one = path.join(place, file)
          if (yield* isTooLarge(one)) return `${place} (${file} is too large to be searched)`
          if (yield* isNamedIn(one)) return place
        }
        if (!isWhole) return undefined
        const card = yield* fs.readFileString(path.join(place, dataCardName))
        return files.some((file) => compressed.test(file)) && card.includes("| names | included |")
          ? `${place} (the content of some files is not searched)`
          : undefined
      })
    for (const name of (yield* Effect.orElseSucceed(fs.readDirectory(parent), () => []))
      .toSorted()
      .slice(0, mostFiles)) {
      if (name === base) continue
      yield* looking(
        path.join(parent, name),
        Effect.map(beside(name), (found) => (found === undefined ? undefined : void left.push(found)))
      )
    }
    const gone = new Set(removed)
    return { removed, left: left.filter((place) => !gone.has(place)) }
  })
