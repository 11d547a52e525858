/**
 * The way of what an import source tells into a dataset, batch by batch.
 *
 * @since 0.1.0
 * @module
 */
import { Clock, DateTime, Effect, Stream } from "effect"
import type { BatchMember } from "../dataset/Batch.ts"
import type { Keep, Keeps } from "../dataset/Column.ts"
import { stateThatKeeps } from "../dataset/Changes.ts"
import { isForgottenIn } from "../dataset/Forgotten.ts"
import { areReadAgain } from "../dataset/History.ts"
import { type IdRegistry, makeIdRegistry } from "../dataset/IdRegistry.ts"
import { type OpenDataset, RatingsStorage } from "../dataset/RatingsStorage.ts"
import { heldRowsOf, type HeldRows, noDifferences, noHeldRows } from "../dataset/HeldRows.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import type { Film } from "../dataset/Tables.ts"
import type { FilmId, Slug } from "../domain/Film.ts"
import type { UserId, Username } from "../domain/Member.ts"
import { canBeCompleted } from "../reading/MemberReading.ts"
import { BatchCommitted, notesOf } from "../harvest/HarvestEvent.ts"
import { ImportError } from "./ImportError.ts"
import {
  ImportFinished,
  ImportStarted,
  type ImportEvent,
  type ImportReport,
  ImportNoted,
  InputFound,
  InputProgress,
  InputRead,
  InputRefused,
  MemberImported,
  type MemberOutcome
} from "./ImportReport.ts"
import { type AsideRow, type ImportedList, type ImportedMember, ImportItem, ImportSource } from "./ImportSource.ts"
import { Intake, takeMember } from "./MemberIntake.ts"

/**
 * Where ratings go whose films have no known number. `put` adds some; `finish` is called once, when all members are
 * committed, and puts all of them in the place of what was there before.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatingsAside {
  readonly put: (rows: ReadonlyArray<AsideRow>) => Effect.Effect<void, StorageError>
  readonly finish: Effect.Effect<void, StorageError>
}

/**
 * The options of an import. `existing` is what a `new` import does with an existing dataset. `keep` is what the dataset
 * keeps from now on, in addition to what it keeps already; a new dataset also keeps what its source provides.
 * With `isDryRun` nothing is written. `timestamp` is written instead of the time of each commit, for reproducible bytes.
 * `rowsInABatch` bounds the memory; a member is always committed as a whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImportRequest {
  readonly mode: "new" | "continue"
  readonly existing: "refuse" | "set-aside"
  readonly isDryRun: boolean
  readonly keep?: Iterable<Keep>
  readonly timestamp?: DateTime.Utc
  readonly aside?: RatingsAside
  readonly rowsInABatch?: number
  readonly membersInABatch?: number
}

/** About 30 MB of rows at once. */
const usualRowsInABatch = 200_000
const usualMembersInABatch = 500

/** About 150 MB. Beyond it, the numbers of a dry run with several lists of one member are those of each list alone. */
const mostRehearsed = 1_000_000

/**
 * Imports all that the source in the context tells into the dataset of the storage in the context, and returns the report.
 * `tell` is called with each event, one after the other. Members are committed in the order of the source.
 *
 * It fails if the storage fails, or with an error of the source if nothing can be imported. An input that is refused does
 * not stop the others; the report lists it. Interrupting keeps what was committed; a commit in progress is finished first.
 *
 * Costs memory for a batch of members, besides users and films; and a reading of the dataset's rows for each batch with
 * members that the dataset knows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const report = <E = never, R = never>(
  request: ImportRequest,
  tell: (event: ImportEvent) => Effect.Effect<void, E, R> = () => Effect.void
): Effect.Effect<ImportReport, E | ImportError | StorageError, R | ImportSource | RatingsStorage> =>
  Effect.gen(function* () {
    const source = yield* ImportSource
    const storage = yield* RatingsStorage
    const dataset = yield* storage.open(
      request.mode === "new" ? { _tag: "new", existing: request.existing } : { _tag: "continue" }
    )
    const startedAt = yield* DateTime.now
    const keeps: Keeps = new Set([
      ...dataset.state.keeps,
      ...(request.keep ?? []),
      ...(request.mode === "new" ? source.keeps : []),
      "provenance" as const
    ])
    const lacksDays = source.keeps.includes("rated_on") && !keeps.has("rated_on")
    yield* tell(
      ImportStarted.make({
        mode: request.mode,
        storage: storage.name,
        place: storage.place,
        users: dataset.state.users.size,
        ratings: dataset.state.ratings,
        isDryRun: request.isDryRun,
        notes: [
          ...dataset.notes,
          ...(lacksDays
            ? [
                "The inputs tell rated_on, which the dataset does not keep. It can from now on, if you ask for it (keep)."
              ]
            : [])
        ]
      })
    )
    const intake = makeIntake(dataset, keeps, request, tell)
    const inputs: Array<ImportReport["inputs"][number]> = []
    const refused: Array<ImportReport["refused"][number]> = []
    let aside = 0
    let leftOut = 0
    const isForgotten = isForgottenIn(dataset.state)
    const refuse = ({ message, place, reason }: ImportError) => {
      refused.push({ place, reason, message })
      return tell(InputRefused.make({ place, reason, message }))
    }
    const onItem: (item: ImportItem) => Effect.Effect<void, E | StorageError, R> = ImportItem.$match({
      Found: ({ kind, place, words }) => tell(InputFound.make({ place, kind, words })),
      Progress: ({ _tag, ...progress }) => tell(InputProgress.make(progress)),
      Member: ({ member }) =>
        Effect.gen(function* () {
          if (yield* isForgotten(member.username)) {
            leftOut += 1
            return
          }
          const now = yield* DateTime.now
          return yield* member.readAt.epochMillis > now.epochMillis + millisOfADay
            ? refuse(ofTheFuture(member))
            : intake.add(member)
        }),
      Aside: ({ rows: all }) =>
        Effect.gen(function* () {
          const rows = yield* Effect.filter(all, ({ username }) => Effect.map(isForgotten(username), (is) => !is))
          aside += rows.length
          if (!request.isDryRun && request.aside !== undefined && rows.length > 0) yield* request.aside.put(rows)
        }),
      Read: ({ counts, kind, notes, place }) => {
        inputs.push({ place, kind, counts })
        return tell(InputRead.make({ place, kind, counts, notes }))
      },
      Refused: ({ error }) => refuse(error),
      Note: ({ _tag, ...note }) => tell(ImportNoted.make(note))
    })
    yield* Stream.runForEach(source.items({ idOf: intake.filmOf }), onItem)
    yield* intake.commit
    if (!request.isDryRun && request.aside !== undefined) yield* request.aside.finish
    const result: ImportReport = {
      mode: request.mode,
      isDryRun: request.isDryRun,
      startedAt,
      finishedAt: yield* DateTime.now,
      inputs,
      refused,
      aside,
      ...(leftOut === 0 ? {} : { forgotten: leftOut }),
      ...intake.account()
    }
    yield* tell(ImportFinished.make({ report: result }))
    return result
  }).pipe(Effect.scoped, Effect.withSpan("Import.report"))

const millisOfADay = 86_400_000

/** A list that claims to be newer than now would keep all later ones out. */
const ofTheFuture = ({ place, readAt, username }: ImportedMember) =>
  new ImportError({
    reason: "Invalid",
    place,
    detail: `the list of ${username} is dated ${DateTime.formatIsoDateUtc(readAt)}, which is in the future`,
    advice: "Correct the date of the file, or the clock of this machine, and import it again."
  })

/** The films that a list shows, those of pages saved twice too. */
const filmsIn = (list: ImportedList) => {
  switch (list._tag) {
    case "Entries":
      return list.entries.map(({ watched }) => watched.film)
    case "Pages":
      return list.parts.flatMap(({ content }) =>
        content._tag === "Films" ? content.films.map(({ film }) => film) : []
      )
    default:
      return list.films.map(({ film }) => film)
  }
}

/** Collects members until there are enough for a batch, and commits them. */
const makeIntake = <E, R>(
  dataset: OpenDataset,
  keeps: Keeps,
  { isDryRun, membersInABatch = usualMembersInABatch, rowsInABatch = usualRowsInABatch, timestamp }: ImportRequest,
  tell: (event: ImportEvent) => Effect.Effect<void, E, R>
) => {
  const state = stateThatKeeps(dataset.state, keeps)
  const registry = makeIdRegistry(state)
  // The state of the dataset with all batches so far.
  const users = new Map(state.users)
  const members = new Map(state.members)
  const now = { users, members }
  const numbers = new Map<Slug, FilmId>()
  for (const { id, slug } of state.films.values()) if (slug !== undefined) numbers.set(slug, id)

  const outcomes: Record<MemberOutcome, number> = {
    new: 0,
    changed: 0,
    unchanged: 0,
    older: 0,
    proven: 0,
    incomplete: 0,
    superseded: 0
  }
  const ratings = { added: 0, changed: 0, removed: 0 }
  const missingPages = new Map<Username, ImportReport["missingPages"][number]>()
  let batches = 0
  let newFilms = 0
  let changedFilms = 0
  let totalRatings = state.ratings
  // Members of a dry run are taken over what they would have been if they come again, as far as there is room for them.
  let rowsRehearsed = 0
  const rehearsed = new Map<UserId, HeldRows>()

  const unrated = new Map<FilmId, Film>()
  let waiting: Array<ImportedMember> = []
  let rowsWaiting = 0

  /** The rows of the members that the dataset knows. */
  const heldRows = (known: ReadonlySet<UserId>): Effect.Effect<ReadonlyMap<UserId, HeldRows>, StorageError> =>
    Effect.map(
      heldRowsOf(dataset, known),
      (held) => new Map(Array.from(held, ([userId, rows]) => [userId, rehearsed.get(userId) ?? rows]))
    )

  const note = (imported: ImportedMember, intake: Intake): typeof MemberImported.Type => {
    const { place, source, username } = imported
    const { differences, missing, outcome } = Intake.$match(intake, {
      Taken: ({ differences, member, missing }) => ({
        outcome: member.isNew ? ("new" as const) : ("changed" as const),
        differences,
        missing
      }),
      Confirmed: () => ({ outcome: "unchanged" as const, differences: noDifferences, missing: [] }),
      Unchanged: () => ({ outcome: "unchanged" as const, differences: noDifferences, missing: [] }),
      Kept: ({ missing, reason }) => ({ outcome: reason, differences: noDifferences, missing })
    })
    outcomes[outcome] += 1
    ratings.added += differences.added
    ratings.changed += differences.changed
    ratings.removed += differences.removed
    const record = intake._tag === "Taken" ? intake.member.record : members.get(username)
    // Pages that were not taken are not there when the others are imported.
    const isTogether = outcome === "incomplete" && missing.length > 0 && record !== undefined && !canBeCompleted(record)
    if (isTogether) missingPages.set(username, { username, pages: missing, areTogether: true })
    else if (missing.length > 0 && record?.state !== "sealed") missingPages.set(username, { username, pages: missing })
    else missingPages.delete(username)
    return MemberImported.make({
      username,
      place,
      source,
      outcome,
      ...(record === undefined ? {} : { state: record.state }),
      ratings: record?.ratings ?? 0,
      ...differences,
      missing
    })
  }

  const commit = Effect.gen(function* () {
    const batch = waiting
    waiting = []
    rowsWaiting = 0
    if (batch.length === 0) return
    const started = yield* Clock.currentTimeMillis
    const known = new Set(
      batch.flatMap(({ username }) => {
        const userId = users.get(username)
        return userId === undefined ? [] : [userId]
      })
    )
    const held = yield* heldRows(known)
    const sealedNow = new Set(batch.flatMap(({ list, username }) => (list._tag === "Complete" ? [username] : [])))
    const isStored = (name: Username) => sealedNow.has(name) || members.get(name)?.state === "sealed"
    const taken: Array<BatchMember> = []
    for (const member of batch) {
      const { username } = member
      const userId = users.get(username)
      const rows = (userId === undefined ? undefined : held.get(userId)) ?? noHeldRows
      const seen = seenFilms(registry, unrated)
      const intake = takeMember(member, { state: now, registry: seen.registry, keeps, held: rows, isStored })
      // A list that was taken before would give films the names that they had then.
      if (intake._tag === "Taken") seen.note()
      else seen.fill()
      yield* tell(note(member, intake))
      if (intake._tag === "Confirmed") taken.push({ ...intake.member, held: rows })
      if (intake._tag === "Taken") {
        taken.push({ ...intake.member, held: rows })
        if (isDryRun && rowsRehearsed < mostRehearsed) {
          const after = afterwards(rows, intake.member)
          rowsRehearsed += after.ratings.size + after.watched.size
          rehearsed.set(intake.member.record.userId, after)
        }
      }
    }
    const films = registry.takeFilms()
    const remember = () => {
      for (const { record } of taken) {
        users.set(record.username, record.userId)
        members.set(record.username, record)
      }
      newFilms += films.newFilms.length
      changedFilms += films.changedFilms.length
    }
    if (taken.length === 0 && films.newFilms.length + films.changedFilms.length === 0) return
    if (isDryRun) return remember()
    const committedAt = timestamp ?? (yield* DateTime.now)
    // One step: whoever interrupts the import is told of every batch that is there.
    yield* Effect.uninterruptible(
      Effect.gen(function* () {
        const history = areReadAgain(now, taken) ? (["changes"] as const) : []
        const receipt = yield* dataset.commit({ members: taken, ...films, keeps: [...keeps, ...history], committedAt })
        remember()
        batches += 1
        totalRatings = receipt.ratings
        yield* tell(
          BatchCommitted.make({
            batch: receipt.batches,
            committedAt,
            members: taken.map(({ record }) => record.username),
            ratings: taken.reduce((sum, { ratings: rows }) => sum + rows.length, 0),
            newFilms: films.newFilms.length,
            changedFilms: films.changedFilms.length,
            totalRatings: receipt.ratings,
            millis: (yield* Clock.currentTimeMillis) - started,
            ...notesOf(receipt)
          })
        )
      })
    )
  })

  return {
    filmOf: (slug: Slug) => numbers.get(slug),
    commit,
    add: (member: ImportedMember) =>
      Effect.gen(function* () {
        // What comes again of a member is taken over what came before.
        if (waiting.some(({ username }) => username === member.username)) yield* commit
        const films = filmsIn(member.list)
        for (const { id, slug } of films) if (slug !== undefined) numbers.set(slug, id)
        waiting.push(member)
        rowsWaiting += films.length
        if (rowsWaiting >= rowsInABatch || waiting.length >= membersInABatch) yield* commit
      }),
    account: () => ({
      members: outcomes,
      ratings,
      missingPages: [...missingPages.values()],
      batches,
      newFilms,
      changedFilms,
      totalUsers: users.size,
      totalRatings: isDryRun ? totalRatings + ratings.added - ratings.removed : totalRatings
    })
  }
}

/** So many films are remembered of which it is known what they are called, and not yet that anybody rated them. */
const mostUnrated = 200_000

/**
 * A registry that only collects the films that a list shows, until it is known whether the list is taken. What is told of a
 * film before anybody rated it is told again when somebody does, so that the order of lists makes no difference.
 */
const seenFilms = (registry: IdRegistry, unrated: Map<FilmId, Film>) => {
  const films: Array<Film> = []
  const watched: Array<Film> = []
  return {
    registry: { ...registry, film: (film: Film) => films.push(film), filmIfKnown: (film: Film) => watched.push(film) },
    note: () => {
      for (const film of films) {
        registry.film(film)
        const earlier = unrated.get(film.id)
        if (earlier === undefined) continue
        registry.fillFilm(earlier)
        unrated.delete(film.id)
      }
      for (const film of watched) {
        registry.filmIfKnown(film)
        if (unrated.size < mostUnrated && !registry.knows(film.id)) unrated.set(film.id, film)
      }
    },
    fill: () => {
      films.forEach(registry.fillFilm)
      watched.forEach(registry.fillFilm)
    }
  }
}

/** The rows of a member with its part of a batch. */
const afterwards = (held: HeldRows, { ratings, watched = [], write }: BatchMember): HeldRows => {
  const { ratings: ratingsBefore, watched: watchedBefore } = write === "replace" ? noHeldRows : held
  const rows = { ratings: new Map(ratingsBefore), watched: new Map(watchedBefore) }
  for (const row of ratings) rows.ratings.set(row.filmId, row)
  for (const row of watched) rows.watched.set(row.filmId, row)
  return rows
}
