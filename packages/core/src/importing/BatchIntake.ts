/**
 * Members of an import, collected and committed batch by batch.
 *
 * @since 0.1.0
 */
import { Clock, DateTime, Effect, Predicate } from "effect"
import type { Batch, BatchMember, DatasetState } from "../dataset/Batch.ts"
import type { Keeps } from "../dataset/Column.ts"
import { stateThatKeeps } from "../dataset/Changes.ts"
import { membersIn } from "../dataset/Forgotten.ts"
import { type IdRegistry, makeIdRegistry } from "../dataset/IdRegistry.ts"
import { type OpenDataset } from "../dataset/RatingsStorage.ts"
import { heldRowsOf, type HeldRows, noDifferences, noHeldRows } from "../dataset/HeldRows.ts"
import { liveMembersOf, mayBeOneMember, nameNow, noteBatch } from "../dataset/Renaming.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import type { Film, MemberRecord } from "../dataset/Tables.ts"
import type { FilmId, Slug } from "../domain/Film.ts"
import type { UserId, Username } from "../domain/Member.ts"
import { canBeCompleted } from "../reading/MemberReading.ts"
import { makeCommits } from "../harvest/Commits.ts"
import { type ImportEvent, type ImportReport, ImportNoted, MemberImported, type MemberOutcome } from "./ImportReport.ts"
import { type ImportedList, type ImportedMember } from "./ImportSource.ts"
import { Intake, takeMember } from "./MemberIntake.ts"
import type { ImportRequest } from "./Import.ts"

/** About 30 MB of rows at once. */
const usualRowsInABatch = 200_000
const usualMembersInABatch = 500

/** About 150 MB. Beyond it, the numbers of a dry run with several lists of one member are those of each list alone. */
const mostRehearsed = 1_000_000

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

/** What was read of a member under a name that the member had, unless somebody else has the name now. */
const underNameNow = (
  member: ImportedMember,
  now: Pick<DatasetState, "members" | "users">,
  held: ReadonlyMap<UserId, HeldRows>
): ImportedMember => {
  const username = nameNow(now, member.username)
  const userId = now.users.get(username)
  const films = username === member.username ? [] : filmsIn(member.list).map(({ id }) => id)
  if (films.length === 0) return member
  const { ratings, watched } = (userId === undefined ? undefined : held.get(userId)) ?? noHeldRows
  return mayBeOneMember(films, [...ratings.keys(), ...watched.keys()]) ? { ...member, username } : member
}

/** Whether a complete list takes the place of one that tells other stars of the same time. */
const isOtherOfSameTime = (
  { list, readAt }: ImportedMember,
  before: MemberRecord,
  { differences, member }: Extract<Intake, { readonly _tag: "Taken" }>,
  { ratings }: HeldRows
): boolean =>
  list._tag === "Complete" &&
  before.state === "sealed" &&
  DateTime.Equivalence(before.readAt, readAt) &&
  (differences.added + differences.removed > 0 ||
    member.ratings.some(({ filmId, rating }) => ratings.get(filmId)?.rating !== rating))

/**
 * Collects members until there are enough for a batch, and commits them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeIntake = <E, R>(
  dataset: OpenDataset,
  keeps: Keeps,
  { isDryRun, membersInABatch = usualMembersInABatch, rowsInABatch = usualRowsInABatch, timestamp }: ImportRequest,
  tell: (event: ImportEvent) => Effect.Effect<void, E, R>
) => {
  const state = stateThatKeeps(dataset.state, keeps)
  const registry = makeIdRegistry(state)
  // The state of the dataset with all batches so far.
  const now = liveMembersOf(state)
  const { members, users } = now
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

  const countFilms = (films: Pick<Batch, "changedFilms" | "newFilms">) => {
    newFilms += films.newFilms.length
    changedFilms += films.changedFilms.length
  }
  const commits = makeCommits({
    dataset,
    live: now,
    otherPeople: new Set<Username>(),
    registry,
    keeps,
    onCommitted: (batch, receipt) => {
      countFilms(batch)
      batches += 1
      totalRatings = receipt.ratings
    },
    tell
  })

  const commit = Effect.gen(function* () {
    const batch = waiting
    waiting = []
    rowsWaiting = 0
    if (batch.length === 0) return
    const started = yield* Clock.currentTimeMillis
    const known = new Set(
      batch.flatMap(({ username }) =>
        [users.get(username), users.get(nameNow(now, username))].filter(Predicate.isNotUndefined)
      )
    )
    const held = yield* heldRows(known)
    const taken: Array<BatchMember> = []
    for (const given of batch) {
      const member = underNameNow(given, now, held)
      const { username } = member
      if (username !== given.username) {
        const words = `${given.username} is called ${username} now. What was read here is taken as that of ${username}.`
        yield* tell(ImportNoted.make({ place: given.place, note: words }))
      }
      const userId = users.get(username)
      const rows = (userId === undefined ? undefined : held.get(userId)) ?? noHeldRows
      const seen = seenFilms(registry, unrated)
      const intake = takeMember(member, { state: now, registry: seen.registry, keeps, held: rows })
      // A list that was taken before would give films the names that they had then.
      if (intake._tag === "Taken") seen.note()
      else seen.fill()
      const before = members.get(username)
      yield* tell(note(member, intake))
      if (intake._tag === "Taken" && before !== undefined && isOtherOfSameTime(member, before, intake, rows)) {
        const words = `The dataset has another list of ${username}, of the same time. The one that is imported last counts.`
        yield* tell(ImportNoted.make({ place: given.place, note: words }))
      }
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
    if (taken.length === 0 && films.newFilms.length + films.changedFilms.length === 0) return
    if (isDryRun) {
      noteBatch(now, taken)
      return countFilms(films)
    }
    const committedAt = timestamp ?? (yield* DateTime.now)
    yield* commits.commit({ members: taken, ...films, committedAt, started })
    yield* commits.joinKnownNames(committedAt)
  })

  return {
    filmOf: (slug: Slug) => numbers.get(slug),
    isKnown: (username: Username) => users.has(username),
    commit,
    add: (member: ImportedMember) =>
      Effect.gen(function* () {
        // What comes again of a member is taken over what came before.
        const name = nameNow(now, member.username)
        if (waiting.some(({ username }) => nameNow(now, username) === name)) yield* commit
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
      totalUsers: membersIn(now),
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
