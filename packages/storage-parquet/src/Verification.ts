/**
 * Proves a dataset: that every file is what was committed, that other programs read it as what it is, and that the
 * files agree with each other.
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError, Verification } from "@letterboxd-ratings/core"
import { checkBytes, type FileEntry, lockName, placeOf } from "@letterboxd-ratings/storage-folder"
import { Effect, Schema } from "effect"
import { type Column, openDuckDb, parquetAt } from "./DuckDb.ts"
import { rangesOf, type Manifest } from "./Manifest.ts"
import { filmColumns, memberColumns, ratingColumns, ratingsFolder, readFilms, readMembers } from "./ParquetFiles.ts"
import { about, failures, readingFailed } from "./StorageFailure.ts"

/** So many problems are told; a dataset with more is not better known for it. */
const mostProblems = 100

const Messages = Schema.decodeUnknown(Schema.Array(Schema.Struct({ message: Schema.String })))
const Described = Schema.decodeUnknown(
  Schema.Array(Schema.Struct({ column_name: Schema.String, column_type: Schema.String }))
)
const Counted = Schema.decodeUnknown(
  Schema.Array(Schema.Struct({ rows: Schema.Number, users: Schema.Array(Schema.NullOr(Schema.Number)) }))
)

/** Queries for what is wrong, each a row with a sentence. Places are added where a row has one. */
const checks = (manifest: Manifest): ReadonlyArray<string> => [
  `select filename || ': row ' || (file_row_number + 1) || ' (' || concat_ws(', ', coalesce(user_id::text, 'null'), coalesce(film_id::text, 'null'), coalesce(rating::text, 'null')) || ') is no rating' as message
    from ratings where user_id is null or film_id is null or rating is null or rating not in (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5)`,
  `select filename || ': row ' || (file_row_number + 1) || ' names user ' || user_id || ', who is not mapped' as message from ratings anti join members using (user_id)`,
  `select filename || ': row ' || (file_row_number + 1) || ' names film ' || film_id || ', which is not mapped' as message from ratings anti join films using (film_id)`,
  `select 'user ' || user_id || ' has film ' || film_id || ' twice' as message from ratings group by user_id, film_id having count(*) > 1`,
  `select 'user ids go up to ' || coalesce(max(user_id), 0) || ', but there are ' || count(*) || ' users; ids are missing between' as message
    from members having coalesce(max(user_id), 0) <> count(*) + ${manifest.idGaps}`,
  `select username || ' has ' || members.ratings || ' ratings, but there are ' || coalesce(n, 0) || ' rows' as message
    from members left join (select user_id, count(*) as n from ratings group by user_id) using (user_id)
    where state is not null and coalesce(n, 0) <> members.ratings`
]

/** Adds the problem an effect fails with, and goes on. */
const noting =
  (problems: Array<string>) =>
  <A, R>(effect: Effect.Effect<A, StorageError, R>): Effect.Effect<A | undefined, never, R> =>
    Effect.catchAll(effect, (error) =>
      Effect.sync(() => {
        problems.push(error.message)
        return undefined
      })
    )

/** Reads everything once for each check. What does not fit in memory goes into a folder for temporary files. */
export const verifyFiles = (
  folder: string,
  manifest: Manifest
): Effect.Effect<Verification, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const problems: Array<string> = []
    const note = noting(problems)
    const spillFolder = yield* about("the folder for temporary files")(fs.makeTempDirectoryScoped())
    const connection = yield* (yield* openDuckDb(folder, spillFolder)).connect
    const rowsOf = <A, E>(place: string, sql: string, decode: (rows: unknown) => Effect.Effect<A, E>) =>
      Effect.flatMap(connection.rows(sql, readingFailed(place)), (rows) =>
        Effect.mapError(decode(rows), readingFailed(place))
      )

    /** Whether a file is what was committed, with the columns that belong there. */
    const checkFile = (entry: FileEntry, columns: ReadonlyArray<Column>) =>
      Effect.gen(function* () {
        yield* checkBytes(failures, folder, entry)
        const place = yield* placeOf(failures, folder, entry)
        const size = Number((yield* about(place)(fs.stat(place))).size)
        if (size !== entry.bytes) problems.push(`${place}: it holds ${size} bytes where ${entry.bytes} were committed`)
        const told = yield* rowsOf(place, `describe from ${parquetAt([place])}`, Described)
        const found = told.map((column) => `${column.column_name} ${column.column_type}`).join(", ")
        const wanted = columns.map(({ name, type }) => `${name} ${type.toString()}`).join(", ")
        if (found !== wanted) {
          problems.push(`${place}: its columns are ${found}, and should be ${wanted}`)
          return undefined
        }
        return place
      })

    const membersPlace = yield* note(checkFile(manifest.members, memberColumns))
    const filmsPlace = yield* note(checkFile(manifest.films, filmColumns))
    const members = membersPlace === undefined ? undefined : yield* note(readMembers(connection, membersPlace))
    const films = filmsPlace === undefined ? undefined : yield* note(readFilms(connection, filmsPlace))
    for (const [entry, rows] of [
      [manifest.members, members?.users.size],
      [manifest.films, films?.size]
    ] as const) {
      if (rows !== undefined && rows !== entry.rows)
        problems.push(`${path.join(folder, entry.name)}: it has ${rows} rows where ${entry.rows} were committed`)
    }

    const places: Array<string> = []
    let ratings = 0
    for (const part of manifest.parts) {
      const place = yield* note(checkFile(part, ratingColumns))
      if (place === undefined) continue
      const [counted] =
        (yield* note(
          rowsOf(
            place,
            `select count(*)::double as rows, coalesce(list(distinct user_id), []) as users from ${parquetAt([place])}`,
            Counted
          )
        )) ?? []
      if (counted === undefined) continue
      places.push(place)
      ratings += counted.rows
      if (counted.rows !== part.rows)
        problems.push(`${place}: it has ${counted.rows} rows where ${part.rows} were committed`)
      const users = rangesOf(counted.users.flatMap((id) => (id === null ? [] : [id])))
      if (users !== part.users)
        problems.push(`${place}: it holds rows of the users ${users}, and the manifest says ${part.users}`)
    }

    // What other programs would read as ratings, because of its name.
    const ratingsPlace = path.join(folder, ratingsFolder)
    const committed = new Set(manifest.parts.map(({ name }) => path.basename(name)))
    // Who is at work there, or was until it was killed, may not have come to removing these.
    const isLeft = yield* Effect.orElseSucceed(fs.exists(path.join(folder, lockName)), () => false)
    const waiting = new Set(isLeft ? manifest.removed.map((name) => path.basename(name)) : [])
    for (const name of (yield* about(ratingsPlace)(fs.exists(ratingsPlace)))
      ? yield* about(ratingsPlace)(fs.readDirectory(ratingsPlace))
      : []) {
      if (name.endsWith(".parquet") && !committed.has(name) && !waiting.has(name)) {
        problems.push(
          `${path.join(ratingsPlace, name)}: it is no part of this dataset, but readers of ${ratingsFolder}/*.parquet take it for one. Move it elsewhere`
        )
      }
    }

    if (
      members !== undefined &&
      films !== undefined &&
      membersPlace !== undefined &&
      filmsPlace !== undefined &&
      places.length === manifest.parts.length
    ) {
      const run = (sql: string) => connection.run(sql, readingFailed(folder))
      const noRows =
        "select null::integer as user_id, null::integer as film_id, null::double as rating, null::text as filename, null::bigint as file_row_number limit 0"
      yield* run(
        `create temp table members as select user_id, username, state, ratings from ${parquetAt([membersPlace])}`
      )
      yield* run(`create temp table films as select film_id from ${parquetAt([filmsPlace])}`)
      yield* run(
        `create temp view ratings as ${
          places.length === 0
            ? noRows
            : `select user_id, film_id, rating, filename, file_row_number from ${parquetAt(places, ", filename = true, file_row_number = true")}`
        }`
      )
      for (const check of checks(manifest)) {
        for (const { message } of (yield* note(rowsOf(folder, `${check} limit ${mostProblems + 1}`, Messages))) ?? []) {
          problems.push(message.startsWith(folder) ? message : `${folder}: ${message}`)
        }
      }
    }
    return {
      ratings,
      problems:
        problems.length > mostProblems
          ? [...problems.slice(0, mostProblems), `... and ${problems.length - mostProblems} more`]
          : problems,
      repaired: []
    }
  }).pipe(Effect.scoped)
