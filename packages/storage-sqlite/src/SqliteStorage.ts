/**
 * A dataset in an SQLite file that any SQL tool can query.
 *
 * @since 0.1.0
 * @module
 */
import { FileSystem, Path } from "@effect/platform"
import type { SqlError } from "@effect/sql/SqlError"
import {
  changedMeanwhile,
  type DatasetChanges,
  emptyDatasetState,
  openedDataset,
  type OpenMode,
  RatingsStorage,
  type RowCounts,
  rowStreams,
  type StorageError
} from "@letterboxd-ratings/core"
import {
  freeName,
  makeFolder,
  removeIfEmpty,
  stamp,
  syncFolder,
  unlessChanged
} from "@letterboxd-ratings/storage-folder"
import {
  type DatasetRow,
  lookingRefused,
  notCleared,
  openingRefused,
  type OpeningRefused,
  readState,
  rowsIn,
  rowsOfMembersIn,
  type SqlDatabase,
  type UnreadableTables,
  verifyTables,
  writeChanges
} from "@letterboxd-ratings/storage-sql"
import {
  type Context,
  DateTime,
  Effect,
  Either,
  ExecutionStrategy,
  Exit,
  Layer,
  Option,
  Schedule,
  Schema,
  Scope,
  Stream
} from "effect"
import { openSqlite, openUnchanging, type Sql } from "./SqliteConnection.ts"
import { about, failureAbout, failures, storageError, storageName } from "./SqliteFailure.ts"
import {
  databaseOf,
  type FileContent,
  isUnfinished,
  markAsOurs,
  markFinished,
  markUnfinished,
  ownChecks,
  placeWaitedFor,
  readContent
} from "./SqliteFile.ts"
import { lockFile } from "./SqliteLock.ts"

/**
 * - `folder`: where the file is. Made by the first run.
 * - `file`: its name, `ratings.sqlite` where nothing is said.
 *
 * @since 0.1.0
 * @category models
 */
export interface SqliteStorageOptions {
  readonly folder: string
  readonly file?: string
}

type Services = FileSystem.FileSystem | Path.Path

/** What a checkpoint of the log tells: whether somebody kept it from being emptied. */
const decodeCheckpoint = Schema.decodeUnknownOption(Schema.NonEmptyArray(Schema.Struct({ busy: Schema.Int })))

/** Others finish soon what they are at: a reader its look at the file, a writer of another program its transaction. */
const soon = Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(50))
const isFilled = ({ size }: FileSystem.File.Info): boolean => size > FileSystem.Size(0)
const isLocked = ({ reason }: StorageError): boolean => reason === "Locked"

/**
 * A storage in a file. A commit is one transaction and costs what the batch holds; opening costs what members and
 * films there are. Readers see whole batches at any time. One writer is let in: it keeps a transaction open in a file
 * beside (`.lock`) as long as the dataset is open, and one in the database itself between its commits, and the operating
 * system ends both when its process ends, however it ends. A new dataset is made in a file beside (`.new`), which takes
 * its place whole with the first batch; the file that was there is moved to `FOLDER.bak-TIME`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: SqliteStorageOptions
): Effect.Effect<Context.Tag.Service<RatingsStorage>, never, Services> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { file = "ratings.sqlite", folder } = options
    const place = path.join(folder, file)
    const lockName = `${place}.lock`
    const newFile = `${place}.new`
    const onDisk = Effect.provide(yield* Effect.context<Services>())

    const isName =
      file !== "" && file !== "." && file !== ".." && path.basename(file) === file && !`${folder}${file}`.includes("\0")
    const [taken] = /(?:\.new|\.lock|-journal|-wal|-shm)$/iu.exec(file) ?? []
    const usable = !isName
      ? storageError(
          "InvalidOption",
          place,
          `"${file}" cannot be the name of the file: it must be a name without a folder`
        )
      : taken === undefined
        ? Effect.void
        : storageError(
            "InvalidOption",
            place,
            `"${file}" cannot be the name of the file: "${taken}" is the ending of a file that is made beside another one`
          )

    const isThere = (name: string) => failures.about(name)(fs.exists(name))

    /** Whether a name is that of a symbolic link, wherever that leads. */
    const isLink = (name: string) => Effect.isSuccess(fs.readLink(name))

    /** A connection until the scope ends. It makes the file where there is none. */
    const connect = (to: string) => about(to)(openSqlite(path.resolve(to)))
    const connectSoon = (to: string) => Effect.retry(connect(to), { while: isLocked, schedule: soon })

    const contentOf = (sql: Sql) => about(place)(readContent(sql))
    const lookInto = (name: string) =>
      Effect.gen(function* () {
        if (!(yield* isThere(name))) return { _tag: "Nothing" } satisfies FileContent
        return yield* contentOf(yield* connectSoon(name))
      }).pipe(Effect.scoped)

    const refuse = ({ detail, reason, remedy }: OpeningRefused) => storageError(reason, place, detail, { remedy })

    /** The row about the dataset of an open file. */
    const rowIn = (sql: Sql): Effect.Effect<DatasetRow, StorageError> =>
      Effect.flatMap(contentOf(sql), (content) => {
        if (content._tag === "Dataset") return Effect.succeed(content.row)
        if (content._tag === "SomethingElse") {
          return storageError("NothingThere", place, "no dataset here: another program keeps something in this file", {
            remedy: { _tag: "ChoosePlace" }
          })
        }
        return refuse(lookingRefused(content))
      })

    /** What tells that the database is as it was: it, and its log. An empty one is none. */
    const versionOf = Effect.forEach([place, `${place}-wal`], (name) =>
      Effect.map(Effect.option(fs.stat(name)), (info) =>
        Option.match(Option.filter(info, isFilled), {
          onNone: () => "none",
          onSome: ({ dev, ino, mtime, size }) =>
            [dev, Option.getOrElse(ino, () => "?"), size, Option.getOrUndefined(mtime)?.getTime()].join(" ")
        })
      )
    )

    /** Whether the database is another one than at that time. */
    const hasChangedSince = (version: ReadonlyArray<string>) =>
      Effect.map(versionOf, (now) => now.join("\n") !== version.join("\n"))

    /**
     * A connection that only reads. Where SQLite cannot make its files beside the database, it is `blind`: it takes the
     * database for one that does not change.
     */
    const connectToRead = Effect.catchIf(
      Effect.map(connectSoon(place), (sql) => ({ sql, isBlind: false })),
      ({ reason }) => reason === "NotPermitted",
      (error) =>
        Effect.gen(function* () {
          const log = `${place}-wal`
          const info = yield* Effect.option(fs.stat(log))
          if (Option.exists(info, isFilled)) {
            return yield* storageError(
              "NotPermitted",
              log,
              "the last batches are in this file, and SQLite must write beside it to read them. Copy the database and this file together to a folder that can be written"
            )
          }
          const sql = yield* Effect.mapError(about(place)(openUnchanging(path.resolve(place))), (second) =>
            second.reason === "NotPermitted" ? error : second
          )
          return { sql, isBlind: true }
        })
    )

    const changed = storageError("Locked", place, changedMeanwhile)

    /** The database at one moment, on a connection that only reads. */
    const atOneMoment = Effect.tap(connectToRead, ({ sql }) => about(place)(sql`begin`))

    /** Looks at the dataset at one moment. */
    const looking = <A>(use: (sql: Sql, row: DatasetRow) => Effect.Effect<A, StorageError>) =>
      Effect.gen(function* () {
        yield* usable
        if (!(yield* isThere(place))) return yield* refuse(lookingRefused({ _tag: "Nothing" }))
        const version = yield* versionOf
        const { isBlind, sql } = yield* atOneMoment
        const found = yield* Effect.exit(Effect.flatMap(rowIn(sql), (row) => use(sql, row)))
        if (isBlind && (yield* hasChangedSince(version))) return yield* changed
        return yield* found
      }).pipe(Effect.scoped)

    const stateOf = (sql: Sql, row: DatasetRow) => about(place)(readState(databaseOf(sql), row))

    const idOf = (name: string) =>
      Effect.map(
        Effect.option(fs.stat(name)),
        Option.map(({ dev, ino }) => `${dev} ${Option.getOrElse(ino, () => "?")}`)
      )

    /** What stands beside a database belongs to it, and would spoil a new one of this name. */
    const noneBeside = (name: string) =>
      Effect.forEach(
        [`${name}-wal`, `${name}-journal`],
        (left) =>
          Effect.flatMap(isThere(left), (isLeft) =>
            isLeft
              ? storageError(
                  "AlreadyThere",
                  left,
                  "the file belongs to a database that is not there any more, and would spoil a new one. Move it elsewhere"
                )
              : Effect.void
          ),
        { discard: true }
      )

    /** What has the name of the lock is one: an empty file. Whatever else it is, nothing is opened or made through it. */
    const checkLock = Effect.gen(function* () {
      const info = yield* Effect.option(fs.stat(lockName))
      const isOurs =
        !(yield* isLink(lockName)) &&
        Option.match(info, {
          // Its holder has just removed it.
          onNone: () => true,
          onSome: ({ size, type }) => type === "File" && size === FileSystem.Size(0)
        })
      if (!isOurs) {
        return yield* storageError(
          "AlreadyThere",
          lockName,
          "a lock has this name, an empty file, and what is there is none. Move it elsewhere"
        )
      }
      yield* noneBeside(lockName)
    })

    const lockFailure = (error: SqlError) => {
      const about = failureAbout(place)(error)
      return isLocked(about) ? about : failureAbout(lockName)(error)
    }

    /**
     * Holds the lock until the scope ends, and removes its file then. Nobody else does. A file that was removed by its
     * holder after it was opened here is locked by nobody: the file that is locked must be the one that is there.
     */
    const lock = Effect.gen(function* () {
      const isNewFolder = !(yield* isThere(folder))
      // A folder that was made for a dataset without a batch goes away again.
      yield* Effect.acquireRelease(onDisk(makeFolder(failures, folder)), () =>
        isNewFolder ? onDisk(removeIfEmpty(folder)) : Effect.void
      )
      const attempt = Effect.gen(function* () {
        // Opened in no other way: to close it would give back the locks that this process has on it.
        yield* Effect.catchIf(
          fs.writeFileString(lockName, "", { flag: "wx" }),
          (error) => error._tag === "SystemError" && error.reason === "AlreadyExists",
          () => Effect.void
        ).pipe(failures.about(lockName))
        yield* checkLock
        const before = yield* idOf(lockName)
        if (Option.isNone(before)) return undefined
        const unlock = yield* Effect.mapError(lockFile(path.resolve(lockName)), lockFailure)
        if (Option.getOrUndefined(yield* idOf(lockName)) === before.value) return { unlock, id: before.value }
        yield* unlock
        return undefined
      })
      yield* Effect.acquireRelease(
        Effect.flatMap(Effect.repeat(attempt, { until: (held) => held !== undefined, times: 5 }), (held) =>
          held === undefined
            ? storageError("Locked", place, "several processes want to work here at the same moment. Try again")
            : Effect.succeed(held)
        ),
        ({ id, unlock }) =>
          Effect.gen(function* () {
            // Removed while it is held, it is not yet somebody else's. Who moved it away may have made room for another's.
            yield* checkLock
            if (Option.getOrUndefined(yield* idOf(lockName)) === id) yield* fs.remove(lockName)
          }).pipe(Effect.ignore, Effect.zipRight(unlock))
      )
    })

    /** Puts the file of a new dataset in its place. */
    const moveIn = Effect.gen(function* () {
      yield* noneBeside(place)
      yield* failures.about(place)(fs.rename(newFile, place))
      yield* onDisk(syncFolder(failures, folder))
    })

    const removeNewFile = Effect.forEach(
      [newFile, `${newFile}-journal`, `${newFile}-wal`, `${newFile}-shm`],
      (name) => Effect.ignore(fs.remove(name)),
      { discard: true }
    )

    /** The place as an unfinished file names it, whatever way leads there. */
    const placeInMark = Effect.map(failures.about(folder)(fs.realPath(folder)), (real) => path.join(real, file))

    /** Whether a file is still marked: its process ended when it was in its place and the mark was not yet removed. */
    const isMarked = (name: string) =>
      Effect.flatMap(connectSoon(name), (sql) => about(name)(isUnfinished(sql))).pipe(Effect.scoped)

    /** What a file is that has the name of a new dataset. Only what says that it waits for this place is ours. */
    const lookAtNew = Effect.gen(function* () {
      if (yield* isLink(newFile)) return "foreign"
      if ((yield* failures.about(newFile)(fs.stat(newFile))).type !== "File") return "foreign"
      const waiting = yield* placeInMark
      const { content, marked, size } = yield* Effect.gen(function* () {
        const sql = yield* connect(newFile)
        return {
          marked: yield* about(newFile)(placeWaitedFor(sql)),
          content: yield* about(newFile)(readContent(sql)),
          size: (yield* failures.about(newFile)(fs.stat(newFile))).size
        }
      }).pipe(Effect.scoped)
      // As it is before its mark is in it. Nothing is lost with it.
      if (size === FileSystem.Size(0)) return "incomplete"
      if (Option.getOrUndefined(marked) !== waiting) return "foreign"
      // Where the file in the place has its mark as well, it is the one that was made here, and the other one a copy.
      if ((yield* isThere(place)) && (yield* isMarked(place))) return "foreign"
      return content._tag === "Dataset" ? "complete" : content._tag === "Nothing" ? "incomplete" : "foreign"
    }).pipe(
      Effect.catchIf(
        ({ reason }) => reason === "Damaged",
        () => Effect.succeed("foreign" as const)
      )
    )

    /**
     * What a process left that ended while it made a dataset: one that is complete takes its place, if that is free.
     * Fails where something else has this name. It is left alone, and is in the way of a new dataset.
     */
    const finishLeftOver = Effect.gen(function* () {
      if (!(yield* isThere(newFile)) && !(yield* isLink(newFile))) return yield* noneBeside(newFile)
      const found = yield* lookAtNew
      if (found === "foreign") {
        return yield* storageError(
          "AlreadyThere",
          newFile,
          "new datasets are made in a file of this name, and nothing in this one says that it was left unfinished here. Move it elsewhere"
        )
      }
      if (found === "complete" && !(yield* isThere(place))) {
        yield* noneBeside(newFile)
        yield* moveIn
      } else yield* removeNewFile
    })

    /** Fails where what is there does not suit the mode. */
    const checkMode = (mode: OpenMode, content: FileContent) => {
      if (content._tag === "SomethingElse") {
        return storageError(
          "AlreadyThere",
          place,
          "another program keeps something in this file, and it is left as it is",
          { remedy: { _tag: "ChoosePlace" } }
        )
      }
      const refused = openingRefused(mode, content)
      return refused === undefined ? Effect.void : refuse(refused)
    }

    /** Writes in the transaction of a connection: the numbers of rows after it, or none where it is too late. */
    const written = (sql: Sql, changes: DatasetChanges) => about(place)(writeChanges(databaseOf(sql), changes))

    /**
     * Makes a file beside with all a commit writes, complete and closed. It is nobody's until it is renamed, so it needs
     * no log of what it was before.
     */
    const build = (changes: DatasetChanges) =>
      Effect.gen(function* () {
        yield* failures.about(newFile)(fs.writeFileString(newFile, "", { flag: "wx" }))
        return yield* Effect.onError(fill(changes), () => removeNewFile)
      })

    const fill = (changes: DatasetChanges) =>
      Effect.gen(function* () {
        const sql = yield* connect(newFile)
        yield* about(newFile)(sql`pragma cache_size = -16384`)
        yield* about(newFile)(sql`begin immediate`)
        yield* about(newFile)(markUnfinished(sql, yield* placeInMark))
        // Whenever the process ends from now on, the file says what it is.
        yield* about(newFile)(sql`commit`)
        yield* about(newFile)(sql`begin immediate`)
        yield* about(newFile)(markAsOurs(sql))
        const counts = yield* written(sql, changes)
        yield* about(newFile)(sql`commit`)
        // From now on a writer and readers are not in each other's way.
        yield* about(newFile)(sql`pragma journal_mode = wal`)
        return counts
      }).pipe(Effect.scoped)

    /**
     * Moves the file of the old dataset aside, whole, and the new one into its place. Nobody may read the old one
     * meanwhile: a reader would look for its log under the name that is the new one's. So it is held, also after, by who
     * moves it.
     */
    const replaceOld = (old: Sql) =>
      Effect.gen(function* () {
        const reserved = Effect.gen(function* () {
          yield* Effect.ignore(old`rollback`)
          // A database in this mode is one file.
          yield* about(place)(old`pragma journal_mode = delete`)
          yield* about(place)(old`begin exclusive`)
        })
        yield* Effect.retry(reserved, { while: isLocked, schedule: soon })
        const real = yield* failures.about(folder)(fs.realPath(folder))
        const aside = yield* onDisk(freeName(failures, `${real}.bak-${stamp(yield* DateTime.now)}`))
        yield* failures.about(aside)(fs.makeDirectory(aside))
        yield* failures
          .about(aside)(fs.rename(place, path.join(aside, file)))
          .pipe(Effect.tapError(() => onDisk(removeIfEmpty(aside))))
        yield* onDisk(syncFolder(failures, aside))
        yield* Effect.tapError(moveIn, () => Effect.ignore(fs.rename(path.join(aside, file), place)))
        yield* onDisk(syncFolder(failures, path.dirname(real)))
      })

    /** The dataset as it is, which cannot be held because of `error`. */
    const openUnheld = (error: StorageError) =>
      Effect.gen(function* () {
        const version = yield* versionOf
        const { committedAt, state } = yield* looking((sql, row) =>
          Effect.map(stateOf(sql, row), (state) => ({ state, committedAt: row.committedAt }))
        )
        return yield* openedDataset({
          storage: storageName,
          place,
          state,
          notes: [],
          committedAt,
          rows: rowStreams((name) =>
            Stream.unwrapScoped(
              Effect.map(atOneMoment, ({ sql }) => Stream.mapError(rowsIn(databaseOf(sql), name), failureAbout(place)))
            ).pipe(unlessChanged(hasChangedSince(version), changed))
          ),
          write: () => error
        })
      })

    const openHeld = (mode: OpenMode) =>
      Effect.gen(function* () {
        yield* usable
        // Nothing is made, no lock either, where there is nothing to go on with.
        if (mode._tag === "continue" && !(yield* isThere(place)) && !(yield* isThere(newFile)))
          yield* checkMode(mode, { _tag: "Nothing" })
        yield* lock
        const left = yield* Effect.either(finishLeftOver)
        const scope = yield* Effect.scope
        let connection: Sql | undefined
        let isHeld = false
        // Beside a copy of what is in the place, the mark tells the two apart.
        let isKnownFinished = Either.isLeft(left)
        /** Keeps every other writer out of the database, until the next commit. */
        const hold = Effect.gen(function* () {
          const sql = (connection ??= yield* Scope.extend(connectSoon(place), scope))
          if (isHeld) return sql
          yield* Effect.retry(about(place)(sql`begin immediate`), { while: isLocked, schedule: soon })
          isHeld = true
          if (isKnownFinished) return sql
          if (yield* about(place)(isUnfinished(sql))) {
            yield* about(place)(markFinished(sql))
            yield* about(place)(sql`commit`)
            isHeld = false
            yield* about(place)(sql`begin immediate`)
            isHeld = true
          }
          isKnownFinished = true
          return sql
        })
        let state = emptyDatasetState
        let committedAt: DateTime.Utc | undefined
        if (yield* isThere(place)) {
          const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
          const sql = yield* Scope.extend(connectSoon(place), own)
          const content = yield* contentOf(sql)
          yield* checkMode(mode, content)
          // An empty file is nothing to hold.
          if (content._tag === "Nothing") yield* Scope.close(own, Exit.void)
          else connection = sql
        } else if (yield* isLink(place)) {
          return yield* storageError("AlreadyThere", place, "there is a symbolic link that leads nowhere")
        }
        // A dataset is gone on with whatever is beside it.
        if (Either.isLeft(left) && (mode._tag === "new" || !(yield* isThere(place)))) return yield* left.left
        if (connection !== undefined) {
          yield* hold
          if (mode._tag === "continue") {
            const row = yield* rowIn(connection)
            state = yield* stateOf(connection, row)
            committedAt = row.committedAt
          }
        }
        let isFirst = mode._tag === "new"
        let identity = yield* idOf(place)

        /** What was opened may have been moved or removed by hand: what is written then is seen by nobody. */
        const check = Effect.gen(function* () {
          if (Option.getOrUndefined(yield* idOf(place)) !== Option.getOrUndefined(identity)) {
            return yield* storageError(
              "Locked",
              place,
              "this is not the file any more that was opened: it was moved, removed or exchanged. This batch was not kept"
            )
          }
        })
        const late = storageError(
          "Locked",
          place,
          "another program has written to it meanwhile; this batch was not kept",
          { remedy: { _tag: "Continue" } }
        )

        const makeNew = (changes: DatasetChanges) =>
          Effect.gen(function* () {
            yield* check
            const counts = yield* build(changes)
            const old = connection
            yield* Effect.uninterruptible(
              Effect.onError(old === undefined ? moveIn : replaceOld(old), () => removeNewFile)
            )
            // From now on the batch is there, whatever fails. That of the old file stays open: it guards what was moved.
            isFirst = false
            isHeld = false
            isKnownFinished = false
            connection = undefined
            identity = yield* idOf(place)
            yield* Effect.exit(hold)
            return counts
          })

        /** Free pages hold what was removed, and so does the log of the last commits, as long as somebody reads it. */
        const cleared = (sql: Sql) =>
          Effect.gen(function* () {
            yield* about(place)(sql`vacuum`)
            const log = yield* about(place)(sql`pragma wal_checkpoint(truncate)`)
            const isInUse = Option.match(decodeCheckpoint(log), {
              onNone: () => true,
              onSome: ([{ busy }]) => busy !== 0
            })
            if (isInUse) yield* storageError("Locked", place, "another process reads the file. Wait until it is done")
          }).pipe(Effect.mapError(notCleared))

        /** Writes in the transaction that is held, ends it, and holds the next one. */
        const add = (changes: DatasetChanges) =>
          Effect.uninterruptibleMask((restore) =>
            Effect.gen(function* () {
              const sql = yield* hold
              const added = yield* Effect.exit(
                Effect.gen(function* () {
                  yield* check
                  const counts = yield* restore(written(sql, changes))
                  if (Option.isNone(counts)) return yield* late
                  yield* check
                  yield* about(place)(sql`commit`)
                  if (changes.forgotten.size > 0) yield* cleared(sql)
                  return counts
                })
              )
              isHeld = false
              if (Exit.isFailure(added)) yield* Effect.ignore(sql`rollback`)
              yield* Effect.exit(hold)
              return yield* added
            })
          )

        /** Reads on a connection of its own, which sees one moment, and nothing of a commit in the making. */
        const committed = <A>(read: (database: SqlDatabase) => Stream.Stream<A, SqlError | UnreadableTables>) =>
          Stream.unwrapScoped(
            Effect.suspend(() =>
              isFirst
                ? Effect.succeed(Stream.empty)
                : Effect.map(connectSoon(place).pipe(Effect.tap((sql) => about(place)(sql`begin`))), (sql) =>
                    Stream.mapError(read(databaseOf(sql)), failureAbout(place))
                  )
            )
          )
        return yield* openedDataset({
          storage: storageName,
          place,
          state,
          notes: [],
          ...(committedAt === undefined ? {} : { committedAt }),
          rows: {
            ...rowStreams((name) => committed((database) => rowsIn(database, name))),
            rowsOfMembers: (name, some) => committed((database) => rowsOfMembersIn(database, name, some))
          },
          write: (changes) =>
            Effect.flatMap(
              Effect.suspend((): Effect.Effect<Option.Option<RowCounts>, StorageError> =>
                isFirst ? makeNew(changes) : add(changes)
              ),
              Option.match({ onNone: () => late, onSome: Effect.succeed })
            )
        })
      })

    return {
      name: storageName,
      place,
      exists: Effect.zipRight(
        usable,
        Effect.map(lookInto(place), ({ _tag }) => _tag === "Dataset" || _tag === "NewerFormat")
      ),
      inspect: looking((sql, row) =>
        Effect.gen(function* () {
          const state = yield* stateOf(sql, row)
          const { size } = yield* failures.about(place)(fs.stat(place))
          const files = ["", "-wal", "-shm"].map((suffix) => `${place}${suffix}`)
          return { state, bytes: Number(size), committedAt: row.committedAt, files }
        })
      ),
      verify: () => looking((sql, row) => about(place)(verifyTables(databaseOf(sql), row, ownChecks))),
      open: (mode) =>
        mode._tag === "continue" && mode.readOnly === true
          ? Effect.catchIf(openHeld(mode), ({ reason }) => reason === "NotPermitted", openUnheld)
          : openHeld(mode)
    }
  })

/**
 * An SQLite file as the storage of a program.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: SqliteStorageOptions): Layer.Layer<RatingsStorage, never, Services> =>
  Layer.effect(RatingsStorage, make(options))
