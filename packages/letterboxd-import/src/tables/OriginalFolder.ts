/**
 * A dataset as the original tool wrote it, or our own storage of CSV files.
 */
import { Film, type FilmId, ImportError, splitDisplayName, type Username } from "@letterboxd-ratings/core"
import { DateTime, Effect, Either, Option, Schema, Stream } from "effect"
import type { NamedFiles } from "../reading/NamedFiles.ts"
import { filmIdFrom, imdbIdFrom, slugFrom, titleFrom, tmdbIdFrom } from "./FilmTables.ts"
import { memberFrom } from "./RatingsInput.ts"
import { LeftOut, readSmallTable, tablesKind } from "./TableFiles.ts"

/** A file before and since April 2025. */
const named = (name: string): ReadonlyArray<string> => [`latest_${name}.csv`, `${name}.csv`]

/** What the manifest of our own storage says of the lengths of files. Bytes behind these are of a batch that was cut off. */
const Manifest = Schema.parseJson(
  Schema.Struct({
    files: Schema.Record({ key: Schema.String, value: Schema.Struct({ bytes: Schema.NonNegativeInt }) })
  })
)
const decodeManifest = Schema.decodeUnknownEither(Manifest)

/** A manifest is smaller. */
const mostManifestBytes = 16_777_216

const committedBytes = (files: NamedFiles) =>
  Effect.gen(function* () {
    const file = yield* files.find("manifest.json")
    if (file === undefined) return undefined
    const { place } = file
    const content: Array<Uint8Array> = []
    let length = 0
    yield* Stream.runForEachWhile(file.read(), (part) => {
      content.push(part)
      length += part.length
      return Effect.succeed(length <= mostManifestBytes)
    })
    if (length > mostManifestBytes) {
      return yield* new ImportError({ reason: "TooLarge", place, detail: "it is too large for a manifest" })
    }
    const manifest = decodeManifest(Buffer.concat(content).toString("utf8"))
    if (Either.isLeft(manifest)) {
      return yield* new ImportError({ reason: "Damaged", place, detail: "it is no manifest of a dataset of CSV files" })
    }
    return manifest.right.files
  })

/** `2024-03-01`, `2024-03-01 12:30:00` or ISO 8601; without a zone it is taken for UTC. */
const timeFrom = (text: string): DateTime.Utc | undefined => {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))?(Z|[+-]\d{2}:?\d{2})?$/u.exec(
    text.trim()
  )
  if (match === null) return undefined
  return Option.getOrUndefined(
    Option.map(DateTime.make(`${match[1]}T${match[2] ?? "00:00:00"}${match[3] ?? "Z"}`), DateTime.toUtc)
  )
}

const decodeFilm = Schema.decodeUnknownEither(Film)

/** The same number of a row of the ratings and of a mapping. */
const keyOf = (text: string): string | undefined => /^\s*(\d{1,15})(?:[.,]0*)?\s*$/u.exec(text)?.[1]

/**
 * The ratings by numbers of users and of films, with the mappings that name them, in the folder or in its folders
 * `training` and `mappings`, with names that begin with `latest_` or not. A film's number is Letterboxd's. The log of
 * updates tells when each member was read.
 */
export const original = tablesKind({
  name: "original",
  words: "dataset of the original tool, or of the CSV storage",
  keeps: ["film_numbers"],
  ratings: { names: named("raw_user_ratings"), columns: ["user_id", "film_id", "rating"] },
  files: {
    users: { names: named("user_mappings"), columns: ["username", "numeric_user_id"] },
    films: { names: named("film_mappings"), columns: ["film_id", "film_title"] },
    updates: { names: named("user_updates"), columns: ["username", "last_updated"] }
  },
  subfolders: ["", "training", "mappings"],
  isFolder: (names) => named("raw_user_ratings").some((name) => names.has(name)),
  input: ({ all, files, modifiedAt, place, ratings }) =>
    Effect.gen(function* () {
      const leftOut = new LeftOut()
      const committed = yield* committedBytes(all)
      if (files.users === undefined) {
        return yield* new ImportError({
          reason: "Incomplete",
          place,
          detail: "the table of users (user_mappings.csv) is missing, and nothing else tells whose ratings these are"
        })
      }
      const usersTable = files.users
      const users = new Map<string, Username>()
      yield* readSmallTable(
        usersTable,
        ["username", "numeric_user_id"],
        leftOut,
        "it is cut, or names no member or no number",
        (cell, line) => {
          const username = memberFrom(cell("username"))
          const user = keyOf(cell("numeric_user_id"))
          if (username === undefined || user === undefined) return false
          const other = users.get(user)
          if (other !== undefined && other !== username) {
            return new ImportError({
              reason: "Damaged",
              place: usersTable.place,
              line,
              detail: `the number ${user} belongs to ${other} and to ${username}`
            })
          }
          users.set(user, username)
          return true
        },
        committed?.["userMappings"]?.bytes
      )
      const films = new Map<FilmId, Film>()
      if (files.films !== undefined) {
        yield* readSmallTable(
          files.films,
          ["film_id", "film_title"],
          leftOut,
          "it is cut or names no film",
          (cell) => {
            const id = filmIdFrom(cell("film_id"))
            const title = titleFrom(cell("film_title")) ?? ""
            const label = slugFrom(title)
            const hasSlugs = cell("film_slug") !== ""
            const slug = hasSlugs ? slugFrom(cell("film_slug")) : label
            const tmdbId = tmdbIdFrom(cell("tmdb_id"))
            const imdbId = imdbIdFrom(cell("imdb_id"))
            const isTitle = title !== `film:${id ?? ""}` && (hasSlugs ? title !== slug : slug === undefined)
            const film = decodeFilm({
              id,
              ...(slug === undefined || slug === `film:${id ?? ""}` ? {} : { slug }),
              ...(isTitle ? splitDisplayName(title) : {}),
              ...(tmdbId === undefined ? {} : { tmdbId }),
              ...(imdbId === undefined ? {} : { imdbId })
            })
            if (Either.isLeft(film)) return false
            films.set(film.right.id, film.right)
            return true
          },
          committed?.["filmMappings"]?.bytes
        )
      }
      const updates = new Map<Username, DateTime.Utc>()
      if (files.updates !== undefined) {
        yield* readSmallTable(
          files.updates,
          ["username", "last_updated"],
          leftOut,
          "it is cut, or has no member or no time",
          (cell) => {
            const username = memberFrom(cell("username"))
            const at = timeFrom(cell("last_updated"))
            if (username === undefined || at === undefined) return false
            const before = updates.get(username)
            updates.set(username, before === undefined ? at : DateTime.max(before, at))
            return true
          },
          committed?.["userUpdates"]?.bytes
        )
      }
      const most = committed?.["rawRatings"]?.bytes
      if (most !== undefined && most > ratings.bytes) {
        return yield* new ImportError({
          reason: "Damaged",
          place: ratings.place,
          detail: `it has ${ratings.bytes} bytes, and its manifest says ${most}`
        })
      }
      return {
        columns: { user: "user_id", film: "film_id", rating: "rating" },
        scale: "stars" as const,
        memberOf: (text) => {
          const user = keyOf(text)
          return user === undefined ? undefined : users.get(user)
        },
        filmOf: (text) => {
          const id = filmIdFrom(text)
          return id === undefined ? undefined : { _tag: "Numbered" as const, film: films.get(id) ?? { id } }
        },
        readAt: (member) => updates.get(member) ?? modifiedAt,
        notDecoded: leftOut.rows,
        notes: () => leftOut.notes,
        ...(most === undefined ? {} : { committed: most })
      }
    })
})
