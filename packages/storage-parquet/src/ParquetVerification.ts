/**
 * Proves a dataset: that every file is what was committed, that other programs read it as what it is, and that the
 * files agree with each other.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  checksInSql,
  mostProblems,
  type RowTable,
  rowTables,
  rowTablesOf,
  type StorageError,
  type Verification
} from "@letterboxd-ratings/core"
import { checkBytes, type FileEntry, keepsIn, lockName, placeOf } from "@letterboxd-ratings/storage-folder"
import { Effect, Schema } from "effect"
import { type Column, identifier, openDuckDb, parquetAt } from "./DuckDb.ts"
import { partFolders } from "./ParquetForm.ts"
import { type ParquetManifest, partsIn, rangesOf, rowCounts } from "./ParquetManifest.ts"
import { filmColumns, memberColumns, partColumns, readFilms, readMembers } from "./ParquetTables.ts"
import { about, failures, readingFailed } from "./StorageFailure.ts"

const Messages = Schema.decodeUnknown(Schema.Array(Schema.Struct({ message: Schema.String })))
const Described = Schema.decodeUnknown(
  Schema.Array(Schema.Struct({ column_name: Schema.String, column_type: Schema.String }))
)
const Counted = Schema.decodeUnknown(
  Schema.Array(Schema.Struct({ rows: Schema.Number, users: Schema.Array(Schema.NullOr(Schema.Number)) }))
)

/** The rows of a table that can be none: a value that must be there is not, or stars are not halves. */
const checkOfValues = (
  table: RowTable,
  columns: ReadonlyArray<{ name: string; type: string; isOptional: boolean }>
) => {
  const isWrong = columns.flatMap(({ isOptional, name, type }) => [
    ...(isOptional ? [] : [`${identifier(name)} is null`]),
    ...(type === "stars" ? [`${identifier(name)} not in (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5)`] : [])
  ])
  const shown = columns.map(({ name }) => `coalesce(${identifier(name)}::text, 'null')`).join(", ")
  return `select filename || ': row ' || (file_row_number + 1) || ' (' || concat_ws(', ', ${shown}) || ') is no row of ${table}' as message
    from ${table} where ${isWrong.join(" or ")} order by position`
}

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
  manifest: ParquetManifest
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
        const found = told.map((column) => `${column.column_name} ${column.column_type}`)
        const wanted = columns.map(({ name, type }) => `${name} ${type.toString()}`)
        // Readers find columns by their names, so their order is no matter.
        if (found.toSorted().join() !== wanted.toSorted().join()) {
          problems.push(`${place}: its columns are ${found.join(", ")}, and should be ${wanted.join(", ")}`)
          return undefined
        }
        return place
      })

    const keeps = keepsIn(manifest)
    const membersPlace = yield* note(checkFile(manifest.members, memberColumns(keeps)))
    const filmsPlace = yield* note(checkFile(manifest.films, filmColumns(keeps)))
    const members = membersPlace === undefined ? undefined : yield* note(readMembers(connection, membersPlace, keeps))
    const films = filmsPlace === undefined ? undefined : yield* note(readFilms(connection, filmsPlace, keeps))
    for (const [entry, rows] of [
      [manifest.members, members?.users.size],
      [manifest.films, films?.size]
    ] as const) {
      if (rows !== undefined && rows !== entry.rows)
        problems.push(`${path.join(folder, entry.name)}: it has ${rows} rows where ${entry.rows} were committed`)
    }

    const tables = rowTablesOf(keeps)
    const places = new Map<RowTable, ReadonlyArray<string>>()
    let ratings = 0
    for (const table of tables) {
      const sound: Array<string> = []
      for (const part of partsIn(manifest, table)) {
        const place = yield* note(checkFile(part, partColumns(table, keeps)))
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
        sound.push(place)
        if (table === "ratings") ratings += counted.rows
        if (counted.rows !== part.rows)
          problems.push(`${place}: it has ${counted.rows} rows where ${part.rows} were committed`)
        const users = rangesOf(counted.users.flatMap((id) => (id === null ? [] : [id])))
        if (users !== part.users)
          problems.push(`${place}: it holds rows of the users ${users}, and the manifest says ${part.users}`)
      }
      places.set(table, sound)
    }

    // What other programs would read as rows, because of its name.
    const committed = new Set(tables.flatMap((table) => partsIn(manifest, table).map(({ name }) => name)))
    // Who is at work there, or was until it was killed, may not have come to removing these.
    const isLeft = yield* Effect.orElseSucceed(fs.exists(path.join(folder, lockName)), () => false)
    const waiting = new Set(isLeft ? manifest.removed : [])
    for (const table of partFolders) {
      const partsPlace = path.join(folder, table)
      const names = (yield* about(partsPlace)(fs.exists(partsPlace)))
        ? yield* about(partsPlace)(fs.readDirectory(partsPlace))
        : []
      for (const name of names) {
        const inner = `${table}/${name}`
        if (name.endsWith(".parquet") && !committed.has(inner) && !waiting.has(inner)) {
          problems.push(
            `${path.join(partsPlace, name)}: it is no part of this dataset, but readers of ${table}/*.parquet take it for one. Move it elsewhere`
          )
        }
      }
    }

    const areAllSound = tables.every((table) => places.get(table)?.length === partsIn(manifest, table).length)
    if (
      members !== undefined &&
      films !== undefined &&
      membersPlace !== undefined &&
      filmsPlace !== undefined &&
      areAllSound
    ) {
      const run = (sql: string) => connection.run(sql, readingFailed(folder))
      yield* run(
        `create temp table members as select user_id, username, state, ratings, last_updated from ${parquetAt([membersPlace])}`
      )
      yield* run("create temp view updates as select user_id, last_updated from members where last_updated is not null")
      yield* run(`create temp table films as select film_id from ${parquetAt([filmsPlace])}`)
      for (const table of tables) yield* run(viewOf(table, partColumns(table, keeps), places.get(table) ?? []))
      const checks = [
        ...tables.map((table) => checkOfValues(table, rowTables[table].columns(keeps))),
        ...checksInSql({ table: (name) => name, keeps, idGaps: manifest.idGaps, counts: rowCounts(manifest) })
      ]
      for (const check of checks) {
        for (const { message } of (yield* note(rowsOf(folder, check, Messages))) ?? []) {
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

/** The parts of a table as one, whose rows know where they stand: parts are in order of their numbers. */
const viewOf = (table: RowTable, columns: ReadonlyArray<Column>, places: ReadonlyArray<string>): string => {
  const nothing = columns.map(({ name, type }) => `null::${type.toString()} as ${identifier(name)}`).join(", ")
  return places.length === 0
    ? `create temp view ${table} as select ${nothing}, null::text as filename, null::bigint as file_row_number, null::bigint as position limit 0`
    : `create temp view ${table} as select *, regexp_extract(filename, 'part-(\\d+)\\.parquet[^/]*$', 1)::bigint * 4294967296 + file_row_number as position
        from ${parquetAt(places, ", filename = true, file_row_number = true")}`
}
