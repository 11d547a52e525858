/**
 * How a dataset grew, and what later readings changed.
 *
 * @since 0.1.0
 */
import type { StorageError, WholeDataset } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import type { RatingsMatrix } from "./RatingsMatrix.ts"

/**
 * What was committed at a time (milliseconds since 1970): how many members were read for the first time and again, how many
 * members and ratings there were afterwards, and how many ratings the readings of members who were known added, changed and
 * removed.
 */
interface GrowthStep {
  readonly at: number
  readonly newMembers: number
  readonly readAgain: number
  readonly members: number
  readonly ratings: number
  readonly added: number
  readonly changed: number
  readonly removed: number
}

/**
 * The steps in their order. `isRecorded` is whether the dataset records its readings; if not, the steps are the last
 * readings of its members. `untimed` members were read at an unknown time; their ratings are in every step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Growth {
  readonly isRecorded: boolean
  readonly batches: number
  readonly untimed: number
  readonly steps: ReadonlyArray<GrowthStep>
}

interface Reading {
  readonly at: number
  readonly member: number
  readonly ratings: number
}

const noDifferences = () => ({ newMembers: 0, readAgain: 0, gained: 0, added: 0, changed: 0, removed: 0 })

/** The last reading of each member, from the state: all that is known before a dataset records changes. */
const lastReadings = ({ members, start }: RatingsMatrix): ReadonlyArray<Reading> =>
  members.map(({ readAt, userId }, u) => ({
    at: readAt?.epochMillis ?? 0,
    member: userId,
    ratings: (start[u + 1] ?? 0) - (start[u] ?? 0)
  }))

/**
 * Reads the readings and changes that the dataset recorded, each once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const growthOf = (whole: WholeDataset, matrix: RatingsMatrix): Effect.Effect<Growth, StorageError> =>
  Effect.gen(function* () {
    const isRecorded = whole.state.keeps.has("changes")
    const steps = new Map<number, ReturnType<typeof noDifferences>>()
    const step = (at: number) => {
      const known = steps.get(at)
      if (known !== undefined) return known
      const fresh = noDifferences()
      steps.set(at, fresh)
      return fresh
    }
    const held = new Map<number, number>()
    let untimed = 0
    const see = ({ at, member, ratings }: Reading): void => {
      const before = held.get(member)
      held.set(member, ratings)
      if (at === 0) untimed += 1
      const known = step(at)
      if (before === undefined) known.newMembers += 1
      else known.readAgain += 1
      known.gained += ratings - (before ?? 0)
    }
    if (isRecorded)
      yield* Stream.runForEachChunk(whole.readings, (chunk) =>
        Effect.sync(() => {
          for (const { at, ratings, userId } of chunk) see({ at: at.epochMillis, member: userId, ratings })
        })
      )
    else for (const reading of lastReadings(matrix)) see(reading)
    yield* Stream.runForEachChunk(whole.changes, (chunk) =>
      Effect.sync(() => {
        for (const { after, at, before } of chunk) {
          const known = step(at.epochMillis)
          if (before === undefined) known.added += 1
          else if (after === undefined) known.removed += 1
          else known.changed += 1
        }
      })
    )
    let members = 0
    let ratings = 0
    return {
      isRecorded,
      batches: whole.state.batches,
      untimed,
      steps: [...steps]
        .toSorted(([a], [b]) => a - b)
        .flatMap(([at, { gained, ...differences }]) => {
          members += differences.newMembers
          ratings += gained
          return at === 0 ? [] : [{ at, members, ratings, ...differences }]
        })
    }
  })

/** More points than this cannot be told apart. */
const mostSteps = 60

/**
 * The steps, or as many spans of equal length if there are more than 60, with what happened in each. Spans in which nothing
 * was committed are left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fewerSteps = (steps: Growth["steps"]): Growth["steps"] => {
  const from = steps[0]?.at ?? 0
  const span = ((steps.at(-1)?.at ?? 0) - from) / mostSteps
  if (steps.length <= mostSteps) return steps
  const spans = new Map<number, GrowthStep>()
  for (const one of steps) {
    const place = Math.min(mostSteps - 1, Math.floor((one.at - from) / span))
    const before = spans.get(place)
    spans.set(
      place,
      before === undefined
        ? one
        : {
            ...one,
            newMembers: before.newMembers + one.newMembers,
            readAgain: before.readAgain + one.readAgain,
            added: before.added + one.added,
            changed: before.changed + one.changed,
            removed: before.removed + one.removed
          }
    )
  }
  return [...spans.values()]
}
