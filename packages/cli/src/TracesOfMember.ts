/**
 * What is beside a dataset and names a member: files that `lb` wrote for people, and files of others.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { UserId, Username } from "@letterboxd-ratings/core"
import { Effect, Option, Schema } from "effect"

/** Larger files are named, not read. */
const mostBytes = 256 * 1_048_576
/** So many files are looked at. */
const mostFiles = 20_000

/**
 * - `removed`: files of ours that were removed, or from which what concerns the member was taken.
 * - `left`: files of others, or that are too large, in which the name stands, and copies that were set aside.
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

/** The name as a word of its own. Names are letters, digits and underscores. */
const wordOf = (username: Username): RegExp => new RegExp(`(?<![a-z0-9_])${username}(?![a-z0-9_])`, "iu")

/** A page of links without the part of one member. */
const withoutLinksOf = (text: string, username: Username): string => {
  const [head = "", ...parts] = text.split(/(?=<h2>)/u)
  const [last = "", tail = ""] = (parts.at(-1) ?? "").split(/(?=<\/html>)/u)
  const lists = [...parts.slice(0, -1), last].filter((part) => !part.startsWith(`<h2>${username}</h2>`))
  return `${head}${lists.join("")}${tail}`
}

/**
 * Removes what our own files beside a dataset hold of a member, and finds what else names it. A file that does not begin as
 * ours do is left alone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const removeTraces = (
  folder: string,
  member: { readonly username: Username; readonly userId: UserId | undefined },
  datasetFiles: ReadonlySet<string>
): Effect.Effect<Traces, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { userId, username } = member
    const word = wordOf(username)
    const removed: Array<string> = []
    const left: Array<string> = []

    /** A file is replaced as a whole, or stays as it is. */
    const replace = (place: string, text: string) =>
      Effect.zipRight(fs.writeFileString(`${place}.new`, text, { flag: "wx" }), fs.rename(`${place}.new`, place))
    const withoutLines = (place: string, text: string, isOne: (line: string) => boolean) =>
      Effect.gen(function* () {
        const lines = text.split("\n")
        const others = lines.filter((line) => !isOne(line))
        if (others.length === lines.length) return false
        yield* replace(place, others.join("\n"))
        return true
      })

    /** Whether what our file holds of the member is gone now. */
    const cleaned = (name: string, place: string, text: string) =>
      Effect.gen(function* () {
        const base = path.basename(name)
        if (/^users[/\\]user_[a-z0-9_]+_(?:raw|translated)\.csv$/u.test(name)) {
          if (!base.startsWith(`user_${username}_`)) return false
          if (!text.startsWith(rawHeader) && !text.startsWith(translatedHeader)) return false
          yield* fs.remove(place)
          return true
        }
        if (/_\d{8}-\d{6}(?:-\d+)?\.csv$/u.test(base) && text.startsWith(rawHeader) && userId !== undefined)
          return yield* withoutLines(place, text, (line) => line.startsWith(`${userId},`))
        if (text.startsWith(asideHeader))
          return yield* withoutLines(place, text, (line) => line.startsWith(`${username},`))
        if (text.startsWith(missingPagesMark) && text.includes(`<h2>${username}</h2>`)) {
          yield* replace(place, withoutLinksOf(text, username))
          return true
        }
        if (/^diagnostics[/\\].*\.json$/u.test(name)) {
          const page = Option.getOrUndefined(decodeKeptPage(text))
          if (page === undefined || !(word.test(page.subject) || word.test(page.url))) return false
          yield* fs.remove(place)
          yield* fs.remove(place.replace(/\.json$/u, ".html"), { force: true })
          return true
        }
        return false
      })

    const names = yield* Effect.orElseSucceed(fs.readDirectory(folder, { recursive: true }), () => [])
    for (const name of names.toSorted().slice(0, mostFiles)) {
      const place = path.join(folder, name)
      yield* Effect.ignore(
        Effect.gen(function* () {
          const { size, type } = yield* fs.stat(place)
          if (type !== "File") return
          if (Number(size) > mostBytes) {
            if (!datasetFiles.has(name)) left.push(`${place} (too large to be searched)`)
            return
          }
          const text = yield* fs.readFileString(place)
          if (yield* cleaned(name, place, text)) removed.push(place)
          else if (!datasetFiles.has(name) && (word.test(text) || word.test(path.basename(name)))) left.push(place)
        })
      )
    }
    // An old dataset that was set aside is the user's own.
    const around = yield* Effect.orElseSucceed(fs.readDirectory(path.dirname(folder)), () => [])
    for (const name of around)
      if (name.startsWith(`${path.basename(folder)}.bak-`)) left.push(path.join(path.dirname(folder), name))
    return { removed, left: left.filter((place) => !removed.includes(place)) }
  })
