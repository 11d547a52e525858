/**
 * The files of an export, wherever they are: in a ZIP, in a folder, or one alone.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { ImportError } from "@letterboxd-ratings/core"
import { DateTime, Effect, Option, type Scope, Stream } from "effect"
import type { Candidate } from "../InputKind.ts"
import { fileBytes } from "../reading/DelimitedRows.ts"
import { filesOfFolder, filesOfZip, type NamedFiles } from "../reading/NamedFiles.ts"
import { defaultZipBounds, isZip, openZip } from "../reading/ZipArchive.ts"

/**
 * The files of an export by the names that Letterboxd gives them. `isChecked` tells whether checksums prove their content.
 * `modifiedAt` is the newest time of modification.
 */
export interface ExportFiles extends Pick<NamedFiles, "placeOf" | "read" | "readAtOnce"> {
  readonly names: ReadonlySet<string>
  readonly isChecked: boolean
  readonly modifiedAt: DateTime.Utc
}

const besideRatings = ["watched.csv", "diary.csv", "reviews.csv", "watchlist.csv", "likes/films.csv", "profile.csv"]

const isRoot = (names: ReadonlySet<string>, root: string): boolean => {
  const has = (name: string) => names.has(root + name)
  // A dataset of ours may have files with the same names.
  if (has("members.jsonl")) return false
  if (has("ratings.csv")) return besideRatings.some(has)
  return has("profile.csv") && besideRatings.some((name) => name !== "profile.csv" && has(name))
}

/** The folder of an export inside a folder or a ZIP, empty or with `/` at its end; none if the files are of no export. */
export const rootOf = (entries: ReadonlyArray<string>): Option.Option<string> => {
  const names = new Set(entries)
  if (isRoot(names, "")) return Option.some("")
  const [first = ""] = entries
  const folder = first.slice(0, first.indexOf("/") + 1)
  return folder !== "" && entries.every((name) => name.startsWith(folder)) && isRoot(names, folder)
    ? Option.some(folder)
    : Option.none()
}

/** The root of a forced input, which need not be an export. */
const rootOrTop = (entries: ReadonlyArray<string>): string => Option.getOrElse(rootOf(entries), () => "")

const below = (entries: ReadonlyArray<string>, root: string): ReadonlySet<string> =>
  new Set(entries.filter((name) => name.startsWith(root)).map((name) => name.slice(root.length)))

const openArchive = (
  candidate: Candidate
): Effect.Effect<ExportFiles, ImportError, Scope.Scope | FileSystem.FileSystem> =>
  Effect.map(openZip(candidate.path, defaultZipBounds, candidate.content), (zip): ExportFiles => {
    // Entries of the candidate are those that count: hidden files are left out.
    const root = rootOrTop(candidate.entries)
    const times = zip.entries.flatMap(({ modifiedAt }) => (modifiedAt === undefined ? [] : [modifiedAt.epochMillis]))
    return {
      ...filesOfZip(zip, candidate, root),
      names: below(
        zip.entries.map(({ name }) => name),
        root
      ),
      isChecked: true,
      modifiedAt:
        times.length === 0
          ? candidate.modifiedAt
          : DateTime.unsafeMake(times.reduce((newest, time) => Math.max(newest, time)))
    }
  })

const openFolder = (candidate: Candidate): Effect.Effect<ExportFiles, ImportError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const root = rootOrTop(candidate.entries)
    const names = below(candidate.entries, root)
    const files = yield* filesOfFolder(path.join(candidate.path, root))
    let newest: DateTime.Utc | undefined
    for (const name of names) {
      // The files of the export itself: others in its folders need not be looked at for its time.
      if (name.includes("/")) continue
      const file = yield* files.find(name)
      if (file !== undefined) newest = DateTime.max(newest ?? file.modifiedAt, file.modifiedAt)
    }
    return { ...files, names, isChecked: false, modifiedAt: newest ?? candidate.modifiedAt }
  })

/** Opens the files of an export. A file that is no ZIP is taken for a `ratings.csv`. */
export const openExport = (
  candidate: Candidate
): Effect.Effect<ExportFiles, ImportError, Scope.Scope | FileSystem.FileSystem | Path.Path> => {
  if (candidate.isFolder) return openFolder(candidate)
  if (candidate.entries.length > 0 || isZip(candidate.head)) return openArchive(candidate)
  return Effect.map(FileSystem.FileSystem, (fs) => ({
    names: new Set(["ratings.csv"]),
    isChecked: false,
    placeOf: () => candidate.path,
    readAtOnce: Option.none,
    read: () => Stream.provideService(fileBytes(candidate.path), FileSystem.FileSystem, fs),
    modifiedAt: candidate.modifiedAt
  }))
}
