/**
 * A storage as small as one over this package can be: ratings as lines of a file that grows, all else as JSON written
 * anew, a file for the last batch that takes the place of the one before, and a copy nobody vouches for.
 */
import { FileSystem, Path } from "@effect/platform"
import {
  noRows,
  noRowStreams,
  type DatasetChanges,
  type DatasetState,
  EncodedRating,
  emptyDatasetState,
  Film,
  MemberRecord,
  openedDataset,
  ProcessTable,
  RatingsStorage,
  type StorageError,
  UserId,
  Username
} from "@letterboxd-ratings/core"
import {
  CopyEntry,
  countFields,
  commitsOf,
  lastCommit,
  emptyEntry,
  entryBytes,
  failuresOf,
  FileEntry,
  type FilePart,
  type FolderForm,
  type FolderManifest,
  type FolderWriter,
  formatFields,
  formatFieldsOf,
  inPlace,
  keepsIn,
  manifestText,
  openFolder,
  readEntry,
  readManifest,
  recoverFolder,
  removeFirstAttempt
} from "@letterboxd-ratings/storage-folder"
import { Context, DateTime, Effect, Layer, Schema, Stream } from "effect"

type Files = FileSystem.FileSystem | Path.Path
type Services = Files | ProcessTable

export const failures = failuresOf("lines")

const LineManifest = Schema.Struct({
  ...formatFields,
  storage: Schema.Literal("lines"),
  ...countFields,
  committedAt: Schema.DateTimeUtc,
  rows: FileEntry,
  state: FileEntry,
  last: Schema.optionalWith(FileEntry, { exact: true }),
  copies: Schema.Array(CopyEntry),
  removed: Schema.Array(Schema.String)
})
export interface LineManifest extends Schema.Schema.Type<typeof LineManifest>, FolderManifest {
  readonly keeps?: Schema.Schema.Type<typeof formatFields.keeps.from>
  readonly copies: ReadonlyArray<CopyEntry>
  readonly removed: ReadonlyArray<string>
}

export const form: FolderForm<LineManifest> = {
  storage: "lines",
  failures,
  ...manifestText(LineManifest),
  entries: ({ last, rows, state }) => [rows, state, ...(last === undefined ? [] : [last])],
  subfolders: ["batches"],
  isOurs: (name) => name === "rows.txt" || name === "state.json" || name === "copy.txt" || /^batches\/\d+$/u.test(name),
  mayName: (name) => /^(?:rows\.txt|state\.json|(?:copies\/)?copy\.txt|batches\/\d+)$/u.test(name)
}

export const nothing = (committedAt: DateTime.Utc): LineManifest => ({
  format: 1,
  storage: "lines",
  batches: 0,
  committedAt,
  idGaps: 0,
  rows: emptyEntry("rows.txt"),
  state: emptyEntry("state.json"),
  copies: [],
  removed: []
})

const Told = Schema.parseJson(
  Schema.Struct({
    users: Schema.Array(Schema.Tuple(Username, UserId)),
    films: Schema.Array(Film),
    members: Schema.Array(MemberRecord),
    updates: Schema.Array(Schema.Tuple(Username, Schema.DateTimeUtc))
  })
)
const Line = Schema.parseJson(EncodedRating)
const decodeLine = Schema.decodeSync(Line)
const encodeLine = Schema.encodeSync(Line)
const part = (text: string, rows: number): FilePart => ({ text, rows })

/** What changes do to the files. */
const writeChanges = (
  files: FolderWriter,
  manifest: LineManifest,
  folder: string,
  { after, committedAt, idGaps, rows: { ratings } }: DatasetChanges
): Effect.Effect<LineManifest, StorageError, Files> =>
  Effect.gen(function* () {
    const { batches, films, keeps, members, updates, users } = after
    const added = Stream.map(ratings.added, (row) => part(`${encodeLine(row)}\n`, 1))
    const kept = Stream.map(
      Stream.filter(rowsIn(folder, manifest), ({ userId }) => !ratings.replaced.has(userId)),
      (row) => part(`${encodeLine(row)}\n`, 1)
    )
    const told = Schema.encodeSync(Told)({
      users: [...users],
      films: [...films.values()],
      members: [...members.values()],
      updates: [...updates]
    })
    yield* files.copy({
      name: "copy.txt",
      content: Stream.succeed(part(`copy of ${batches}\n`, 0)),
      ...(batches === 1 ? {} : { before: `copy of ${batches - 1}\n` })
    })
    if (manifest.last !== undefined) files.remove(manifest.last.name)
    return {
      ...formatFieldsOf(keeps),
      storage: "lines",
      batches,
      committedAt,
      idGaps,
      rows:
        ratings.replaced.size > 0 || manifest.rows.bytes === 0
          ? yield* files.write("rows.txt", Stream.concat(kept, added))
          : ratings.count === 0
            ? inPlace(manifest.rows)
            : yield* files.append(manifest.rows, added),
      state: yield* files.write("state.json", Stream.succeed(part(told, 1))),
      last: yield* files.write(`batches/${batches}`, Stream.succeed(part(`${batches}\n`, 1))),
      copies: files.copies(),
      removed: files.removed()
    }
  })

const rowsIn = (folder: string, { rows }: LineManifest) =>
  entryBytes(failures, folder, rows).pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.map((line) => decodeLine(line))
  )

const readState = (folder: string, manifest: LineManifest): Effect.Effect<DatasetState, StorageError, Files> =>
  Effect.map(readEntry(failures, folder, manifest.state), ({ text }) => {
    const { films, members, updates, users } = Schema.decodeSync(Told)(text)
    return {
      ...emptyDatasetState,
      ratings: manifest.rows.rows,
      users: new Map(users),
      films: new Map(films.map((film) => [film.id, film])),
      members: new Map(members.map((record) => [record.username, record])),
      updates: new Map(updates),
      keeps: keepsIn(manifest),
      batches: manifest.batches
    }
  })

/** The storage in a folder. */
export const lineStorage = (folder: string): Layer.Layer<RatingsStorage, never, Services> =>
  Layer.effect(
    RatingsStorage,
    Effect.gen(function* () {
      const services = Context.pick(FileSystem.FileSystem, Path.Path, ProcessTable)(yield* Effect.context<Services>())
      const holds = (place: string) => Effect.map(readManifest(form, place), (manifest) => manifest !== undefined)
      const kind = { form, failures, holdsDataset: holds, isCommitted: holds }
      const there = Effect.flatMap(readManifest(form, folder), (manifest) =>
        manifest === undefined
          ? failures.storageError("NothingThere", folder, "there is no dataset")
          : Effect.succeed(manifest)
      )
      return {
        name: "lines",
        place: folder,
        exists: Effect.provide(holds(folder), services),
        inspect: Effect.flatMap(there, (manifest) =>
          Effect.map(readState(folder, manifest), (state) => ({ state, bytes: 0, committedAt: manifest.committedAt }))
        ).pipe(Effect.provide(services)),
        verify: () => Effect.succeed({ ratings: 0, problems: [], repaired: [] }),
        open: (mode) =>
          Effect.gen(function* () {
            const held = yield* openFolder(kind, folder, mode)
            let manifest = nothing(yield* DateTime.now)
            let state = emptyDatasetState
            if (mode._tag === "new") {
              if (held.wasLeft) yield* removeFirstAttempt(form, held.work())
            } else {
              manifest = yield* there
              const { wasLeft } = held
              const tails = wasLeft ? "set-aside" : "refuse"
              const finish = yield* recoverFolder(form, held.work(), manifest, { wasLeft, tails })
              state = yield* readState(held.work(), manifest)
              yield* finish
            }
            yield* held.finished
            const { commit, manifest: now } = commitsOf(form, folder, held, manifest)
            return yield* openedDataset({
              storage: "lines",
              place: folder,
              state,
              notes: [],
              ...lastCommit(manifest),
              rows: {
                ...noRowStreams,
                ratings: Stream.suspend(() => rowsIn(held.work(), now())).pipe(Stream.provideContext(services))
              },
              write: (changes) =>
                commit(changes.after.batches, (files, before) =>
                  writeChanges(files, before, held.work(), changes)
                ).pipe(
                  Effect.map(({ rows }) => ({ ...noRows, ratings: rows.rows })),
                  Effect.provide(services)
                )
            })
          }).pipe(Effect.provide(services))
      }
    })
  )
