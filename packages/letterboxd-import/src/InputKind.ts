/**
 * The contract of a kind of input: how it is recognised, and how its inputs are read.
 *
 * @since 0.1.0
 */
import type { FileSystem, Path } from "@effect/platform"
import type { ImportError, ImportItem, Keep, KnownFilms, Username } from "@letterboxd-ratings/core"
import type { DateTime, Effect, Stream } from "effect"

/**
 * Something on disk that may be imported, as far as it was looked at. `path` is as the user wrote it, or a path below a
 * folder that the user named. `head` has the first bytes of a file, at most `headBytes`; it is empty for a folder.
 * `entries` are the names of the files in a folder, or in an archive if the file is a ZIP that can be opened (with `/` between folders,
 * relative to it, at most `mostEntries`), sorted by name in a folder; hidden files are left out.
 * Inputs that are handed to a kind's `items` keep only the first 16 bytes of `head`. `content` has all bytes of a small ZIP, as
 * long as there is room for it, so that it need not be read again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Candidate {
  readonly path: string
  readonly isFolder: boolean
  readonly bytes: number
  readonly modifiedAt: DateTime.Utc
  readonly head: Uint8Array
  readonly entries: ReadonlyArray<string>
  readonly content?: Uint8Array
}

/**
 * The number of bytes that are looked at to recognise a file.
 *
 * @since 0.1.0
 * @category models
 */
export const headBytes = 65_536

/**
 * The most files a folder or an archive may hold to be looked at.
 *
 * @since 0.1.0
 * @category models
 */
export const mostEntries = 10_000

/**
 * - `as`: gives the member that inputs without a name belong to. Only who needs it runs it: an import says if nobody did.
 * - `columns`: which column of a table is which.
 * - `films`: a table of films with their numbers (`slug,film_id[,tmdb_id,imdb_id]`).
 * - `baseUrls`: the addresses of sites whose pages are read like the site's, without a trailing slash.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImportOptions {
  readonly as?: Effect.Effect<Username>
  readonly columns?: { readonly user: string; readonly film: string; readonly rating: string }
  readonly films?: string
  readonly baseUrls: ReadonlyArray<string>
}

/**
 * A kind of input. `recognises` tells by a look at a candidate whether it is of this kind. `items` reads all inputs of this
 * kind, in their order, in bounded memory; an input that cannot be read becomes `Refused`, and the others go on.
 * `keeps` are the facts that these inputs tell. `looksFor` says in a few words what the kind looks for, for messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface InputKind {
  readonly name: string
  readonly keeps: ReadonlyArray<Keep>
  readonly looksFor?: string
  readonly recognises: (candidate: Candidate) => boolean
  readonly items: (
    inputs: ReadonlyArray<Candidate>,
    options: ImportOptions,
    films: KnownFilms
  ) => Stream.Stream<ImportItem, ImportError, FileSystem.FileSystem | Path.Path>
}
