/**
 * What changes of tables do to the files.
 */
import { Path } from "@effect/platform"
import {
  type DatasetChanges,
  type EncodedRating,
  type RatingBlock,
  type RowChanges,
  type RowOf,
  type RowTable,
  rowTablesOf,
  type StorageError,
  type UserId
} from "@letterboxd-ratings/core"
import {
  checkBytes,
  type FileEntry,
  type FolderWriter,
  formatFieldsOf,
  inPlace,
  keepsIn
} from "@letterboxd-ratings/storage-folder"
import type { FileSystem } from "@effect/platform"
import { Chunk, Effect, Schema, Stream } from "effect"
import {
  type Column,
  type Connection,
  type DuckDb,
  identifier,
  parquetAt,
  quoted,
  rowsAtOnce,
  type WrittenValues
} from "./DuckDb.ts"
import type { RowColumn } from "./ParquetColumns.ts"
import {
  filmsName,
  idsIn,
  membersName,
  type ParquetManifest,
  type PartEntry,
  partName,
  partNumber,
  partsIn,
  rangesOf
} from "./ParquetManifest.ts"
import { filmColumns, memberColumns, memberRows, partColumns, valuesOf, valuesOfRatings } from "./ParquetTables.ts"
import { failures, readingFailed, storageError, writingFailed } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/** So many rows stand in a part at most, about: a load holds them in memory, and a member read again rewrites them. */
const rowsOfPart = 1_000_000

/** Where and how a commit writes. */
export interface Target {
  readonly duckDb: DuckDb
  readonly folder: string
  readonly copyOptions: string
  /** The parts, as `keyOf` tells them apart, that are known to hold rows of those users only that the manifest says. */
  readonly proven: Set<string>
}

const keyOf = ({ crc32, name, users }: PartEntry): string => `${name} ${crc32} ${users}`

const Users = Schema.decodeUnknown(Schema.Array(Schema.Struct({ user_id: Schema.Number })))

/**
 * Fails with `Damaged` where a part holds rows of others than the users that the manifest says: who replaces rows of
 * members would take away rows of others, or leave rows of these. Each part is read once while a dataset is open.
 */
const proveUsers = ({ connection, folder, proven }: Writing, part: PartEntry) =>
  Effect.gen(function* () {
    if (proven.has(keyOf(part))) return
    const place = (yield* Path.Path).join(folder, part.name)
    const found = yield* connection.rows(`select distinct user_id from ${parquetAt([place])}`, readingFailed(place))
    const rows = yield* Effect.mapError(Users(found), readingFailed(place))
    if (rangesOf(rows.map((row) => row.user_id)) !== part.users) {
      return yield* storageError(
        "Damaged",
        place,
        "it does not hold rows of those users that the manifest says. Nothing was written",
        { remedy: { _tag: "Verify" } }
      )
    }
    proven.add(keyOf(part))
  })

/** How files are written in one commit. */
interface Writing extends Omit<Target, "duckDb"> {
  readonly connection: Connection
  readonly files: FolderWriter
}

/** All rows of a small table. */
const wholeFile = <Row>(
  { connection, copyOptions, files, folder }: Writing,
  name: string,
  columns: ReadonlyArray<RowColumn<Row>>,
  rows: ReadonlyArray<Row>
): Effect.Effect<FileEntry, StorageError, Files> =>
  Effect.scoped(
    Effect.gen(function* () {
      const table = yield* connection.table(columns, folder)
      yield* table.append(valuesOf(columns, rows))
      return yield* files.writeWith(name, (place) => table.copyTo(place, copyOptions))
    })
  )

/** Some rows that join, column by column, and whose they are. */
interface Joining {
  readonly userIds: Iterable<number>
  readonly values: ReadonlyArray<WrittenValues>
}

const joiningRows = <T extends RowTable>(
  columns: ReadonlyArray<RowColumn<RowOf<T>>>,
  { added }: RowChanges<RowOf<T>>
): Stream.Stream<Joining, StorageError> =>
  Stream.map(Stream.chunks(Stream.rechunk(added, rowsAtOnce)), (chunk) => {
    const rows: ReadonlyArray<RowOf<T> & { readonly userId: UserId }> = Chunk.toReadonlyArray(chunk)
    return { userIds: rows.map(({ userId }) => userId), values: valuesOf(columns, rows) }
  })

const joiningRatings = (
  columns: ReadonlyArray<RowColumn<EncodedRating>>,
  blocks: Stream.Stream<RatingBlock, StorageError>
): Stream.Stream<Joining, StorageError> =>
  Stream.suspend(() => {
    const values = valuesOfRatings(columns)
    return Stream.map(blocks, (block) => ({ userIds: block.userIds.subarray(0, block.size), values: values(block) }))
  })

/** Rows into as many parts as they need, counted on from `first`. */
const newParts = (
  { connection, copyOptions, files, folder }: Writing,
  name: RowTable,
  columns: ReadonlyArray<Column>,
  joining: Stream.Stream<Joining, StorageError>,
  first: number
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const table = yield* connection.table(columns, folder)
      const parts: Array<PartEntry> = []
      let users = new Set<number>()
      let waiting = 0
      const finish = Effect.gen(function* () {
        if (waiting === 0) return
        const entry = yield* files.writeWith(partName(name, first + parts.length), (place) =>
          table.copyTo(place, copyOptions)
        )
        parts.push({ ...entry, users: rangesOf(users) })
        users = new Set()
        waiting = 0
      })
      yield* Stream.runForEach(joining, ({ userIds, values }) => {
        for (const userId of userIds) users.add(userId)
        waiting += values[0]?.length ?? 0
        return Effect.zipRight(
          table.append(values),
          Effect.suspend(() => (waiting >= rowsOfPart ? finish : Effect.void))
        )
      })
      yield* finish
      return parts
    })
  )

/** A part without the rows of some of its users, with columns that it did not have. */
const rewrittenPart = (
  { connection, copyOptions, files, folder }: Writing,
  { swap: _, ...part }: PartEntry,
  { columns, has }: { readonly columns: ReadonlyArray<RowColumn<never>>; readonly has: ReadonlySet<string> },
  replaced: ReadonlySet<number>,
  kept: ReadonlyArray<number>
) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const selected = columns.map(({ name, type }) =>
      has.has(name) ? identifier(name) : `null::${type.toString()} as ${identifier(name)}`
    )
    const where = replaced.size === 0 ? "" : ` where user_id not in (${[...replaced].join(", ")})`
    const entry = yield* files.writeWith(part.name, (place) =>
      Effect.zipRight(
        // A part is made anew only of what was committed: damage must not become sound.
        checkBytes(failures, folder, part),
        connection.run(
          `copy (select ${selected.join(", ")} from ${parquetAt([path.join(folder, part.name)])}${where}) to ${quoted(place)} (${copyOptions})`,
          writingFailed(place)
        )
      )
    )
    return { ...part, ...entry, users: rangesOf(kept) }
  })

/** The number of the next part: higher than that of any file of the table that the last batch left or removed. */
const nextPart = (manifest: ParquetManifest, table: RowTable): number =>
  Math.max(
    0,
    ...[...partsIn(manifest, table).map(({ name }) => name), ...manifest.removed]
      .filter((name) => name.startsWith(`${table}/`))
      .map((name) => partNumber(name) ?? 0)
  ) + 1

/**
 * Writes changes into the files of a dataset, and returns the manifest that tells of them. Costs what joins, what members
 * and films there are, and the parts in which rows are replaced. All parts of a table are written anew where it gets
 * further columns.
 */
export const writeChanges = (
  { duckDb, ...target }: Target,
  files: FolderWriter,
  manifest: ParquetManifest,
  { after, committedAt, films, idGaps, members, ratingBlocks, rows }: DatasetChanges
): Effect.Effect<ParquetManifest, StorageError, Files> =>
  Effect.gen(function* () {
    const { keeps } = after
    const before = keepsIn(manifest)
    const writing: Writing = { ...target, files, connection: yield* duckDb.connect }
    const isFirst = manifest.batches === 0

    const parts = <T extends RowTable>(
      name: T,
      joiningOf: (columns: ReadonlyArray<RowColumn<RowOf<T>>>) => Stream.Stream<Joining, StorageError> = (columns) =>
        joiningRows(columns, rows[name])
    ) =>
      Effect.gen(function* () {
        const columns = partColumns(name, keeps)
        const has = new Set(partColumns(name, before).map((column) => column.name))
        const { replaced } = rows[name]
        const all: Array<PartEntry> = []
        for (const part of partsIn(manifest, name)) {
          if (replaced.size > 0) yield* proveUsers(writing, part)
          const ids = replaced.size === 0 && columns.length === has.size ? [] : idsIn(part.users)
          const kept = ids.filter((id) => !(replaced as ReadonlySet<number>).has(id))
          if (kept.length === ids.length && columns.length === has.size) all.push(inPlace(part))
          else if (kept.length === 0) files.remove(part.name)
          else all.push(yield* rewrittenPart(writing, part, { columns, has }, replaced, kept))
        }
        all.push(...(yield* newParts(writing, name, columns, joiningOf(columns), nextPart(manifest, name))))
        return all
      })

    const kept = new Set(rowTablesOf(keeps))
    const areColumnsNew = (one: ReadonlyArray<unknown>, other: ReadonlyArray<unknown>) => one.length !== other.length
    const ratings = yield* parts(
      "ratings",
      ratingBlocks === undefined ? undefined : (columns) => joiningRatings(columns, ratingBlocks)
    )
    const watched = kept.has("watched") ? { watched: yield* parts("watched") } : {}
    const history = kept.has("changes") ? { changes: yield* parts("changes"), readings: yield* parts("readings") } : {}
    return {
      ...formatFieldsOf(keeps),
      storage: "parquet" as const,
      batches: after.batches,
      committedAt,
      idGaps,
      members:
        isFirst ||
        members.all.length + members.besides.length > 0 ||
        areColumnsNew(memberColumns(keeps), memberColumns(before))
          ? yield* wholeFile(writing, membersName, memberColumns(keeps), memberRows(after))
          : inPlace(manifest.members),
      films:
        isFirst ||
        films.added.length + films.changed.length > 0 ||
        areColumnsNew(filmColumns(keeps), filmColumns(before))
          ? yield* wholeFile(writing, filmsName, filmColumns(keeps), [...after.films.values()])
          : inPlace(manifest.films),
      parts: ratings,
      ...watched,
      ...history,
      removed: files.removed()
    }
  }).pipe(Effect.scoped)
