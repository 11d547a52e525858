/**
 * How runs and imports commit: a batch at a time, each told to whoever watches.
 *
 * @since 0.1.0
 */
import { Clock, type DateTime, Effect } from "effect"
import type { Username } from "../domain/Member.ts"
import type { Batch, CommitReceipt } from "../dataset/Batch.ts"
import type { Keeps } from "../dataset/Column.ts"
import { areReadAgain } from "../dataset/History.ts"
import type { IdRegistry } from "../dataset/IdRegistry.ts"
import type { OpenDataset } from "../dataset/RatingsStorage.ts"
import { joinNames, type LiveMembers, noteBatch, wordsOfRename } from "../dataset/Renaming.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import { BatchCommitted, notesOf } from "./HarvestEvent.ts"

/**
 * What is committed into, and what follows a commit: `onCommitted` notes it, and `tell` gets its event. `otherPeople` are
 * names that lead to somebody with another list.
 *
 * @since 0.1.0
 * @category models
 */
export interface CommitsContext<E, R> {
  readonly dataset: Pick<OpenDataset, "commit" | "ratings" | "watched">
  readonly live: LiveMembers
  readonly otherPeople: Set<Username>
  readonly registry: IdRegistry
  readonly keeps: Keeps
  readonly onCommitted: (batch: Batch, receipt: CommitReceipt) => void
  readonly tell: (event: typeof BatchCommitted.Type) => Effect.Effect<void, E, R>
}

/**
 * Members and films that are committed together. The work on them began at `started` (milliseconds); `notes` are
 * sentences about them.
 */
interface CommitPart extends Pick<Batch, "changedFilms" | "committedAt" | "members" | "newFilms"> {
  readonly started: number
  readonly notes?: ReadonlyArray<string>
}

/**
 * `commit` stores members and films as a batch. `joinKnownNames` makes one member of those whom the dataset has under two
 * names, with a batch for each pair.
 *
 * @since 0.1.0
 * @category models
 */
export interface Commits<E, R> {
  readonly commit: (part: CommitPart) => Effect.Effect<void, E | StorageError, R>
  readonly joinKnownNames: (committedAt: DateTime.Utc) => Effect.Effect<void, E | StorageError, R>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const makeCommits = <E, R>({
  dataset,
  keeps,
  live,
  onCommitted,
  otherPeople,
  registry,
  tell
}: CommitsContext<E, R>): Commits<E, R> => {
  const commit: Commits<E, R>["commit"] = ({ notes = [], started, ...part }) => {
    const history = areReadAgain(live, part.members) ? (["changes"] as const) : []
    const batch: Batch = { ...part, keeps: [...keeps, ...history] }
    // One step: whoever interrupts is told of every batch that is there.
    return Effect.uninterruptible(
      Effect.gen(function* () {
        const receipt = yield* dataset.commit(batch)
        noteBatch(live, batch.members)
        onCommitted(batch, receipt)
        yield* tell(
          BatchCommitted.make({
            batch: receipt.batches,
            committedAt: batch.committedAt,
            members: batch.members.map(({ record }) => record.username),
            ratings: batch.members.reduce((sum, { ratings }) => sum + ratings.length, 0),
            newFilms: batch.newFilms.length,
            changedFilms: batch.changedFilms.length,
            totalRatings: receipt.ratings,
            millis: (yield* Clock.currentTimeMillis) - started,
            ...notesOf({ ...receipt, notes: [...notes, ...(receipt.notes ?? [])] })
          })
        )
      })
    )
  }

  const joinKnownNames: Commits<E, R>["joinKnownNames"] = (committedAt) =>
    Effect.gen(function* () {
      const started = yield* Clock.currentTimeMillis
      const { joined, members, strangers } = yield* joinNames(dataset, live, otherPeople, committedAt)
      for (const name of strangers) otherPeople.add(name)
      if (members.length === 0) return
      const exchanged = new Set(members.map(({ formerName }) => formerName))
      for (const { from, to } of joined) if (exchanged.has(from)) registry.rename(from, to)
      yield* commit({ members, ...registry.takeFilms(), committedAt, started, notes: joined.map(wordsOfRename) })
      yield* joinKnownNames(committedAt)
    })

  return { commit, joinKnownNames }
}
