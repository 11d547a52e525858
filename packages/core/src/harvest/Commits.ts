/**
 * How a run commits: a batch at a time, each told to whoever watches.
 *
 * @since 0.1.0
 */
import { Clock, type DateTime, Effect } from "effect"
import type { Username } from "../domain/Member.ts"
import type { BatchMember } from "../dataset/Batch.ts"
import type { Keeps } from "../dataset/Column.ts"
import { areReadAgain } from "../dataset/History.ts"
import type { IdRegistry } from "../dataset/IdRegistry.ts"
import type { OpenDataset } from "../dataset/RatingsStorage.ts"
import { joinNames, type LiveMembers, noteBatch, wordsOfRename } from "../dataset/Renaming.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import { BatchCommitted, notesOf } from "./HarvestEvent.ts"
import type { Tell } from "./MemberReader.ts"
import type { RunAccount } from "./RunAccount.ts"

/**
 * What a run commits into, and what follows its commits. `otherPeople` are names that lead to somebody with another list.
 *
 * @since 0.1.0
 * @category models
 */
export interface CommitsContext {
  readonly dataset: OpenDataset
  readonly live: LiveMembers
  readonly otherPeople: Set<Username>
  readonly registry: IdRegistry
  readonly keeps: Keeps
  readonly account: RunAccount
  readonly tell: Tell
}

/**
 * `commit` stores members as a batch that was begun at `started` (milliseconds). `joinKnownNames` makes one member of those
 * whom the dataset has under two names, with a batch for each pair.
 *
 * @since 0.1.0
 * @category models
 */
export interface Commits {
  readonly commit: (
    members: ReadonlyArray<BatchMember>,
    committedAt: DateTime.Utc,
    started: number,
    notes?: ReadonlyArray<string>
  ) => Effect.Effect<void, StorageError>
  readonly joinKnownNames: (committedAt: DateTime.Utc) => Effect.Effect<void, StorageError>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const makeCommits = ({
  account,
  dataset,
  keeps,
  live,
  otherPeople,
  registry,
  tell
}: CommitsContext): Commits => {
  const commit: Commits["commit"] = (members, committedAt, started, notes = []) => {
    const history = areReadAgain(live, members) ? (["changes"] as const) : []
    const batch = { members, ...registry.takeFilms(), keeps: [...keeps, ...history], committedAt }
    // One step: whoever interrupts the run is told of every batch that is there.
    return Effect.uninterruptible(
      Effect.gen(function* () {
        const receipt = yield* dataset.commit(batch)
        account.committed(batch, receipt.ratings)
        noteBatch(live, members)
        yield* tell(
          BatchCommitted.make({
            batch: receipt.batches,
            committedAt,
            members: members.map((member) => member.record.username),
            ratings: members.reduce((sum, member) => sum + member.ratings.length, 0),
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

  const joinKnownNames: Commits["joinKnownNames"] = (committedAt) =>
    Effect.gen(function* () {
      const started = yield* Clock.currentTimeMillis
      const { joined, members, strangers } = yield* joinNames(dataset, live, otherPeople, committedAt)
      for (const name of strangers) otherPeople.add(name)
      if (members.length === 0) return
      const exchanged = new Set(members.map(({ formerName }) => formerName))
      for (const { from, to } of joined) if (exchanged.has(from)) registry.rename(from, to)
      yield* commit(members, committedAt, started, joined.map(wordsOfRename))
      yield* joinKnownNames(committedAt)
    })

  return { commit, joinKnownNames }
}
