/**
 * A dataset in pictures, while another process may work on it. Pure: from what is committed to what the live page shows.
 *
 * @since 0.1.0
 */
import { type DatasetSummary, type MemberRecord, type StorageError, whatMemberWaitsFor } from "@letterboxd-ratings/core"
import type { LockState } from "@letterboxd-ratings/storage-folder"
import type { Either } from "effect"
import prettyBytes from "pretty-bytes"
import { countsOf } from "../DatasetCounts.ts"
import { stateWords, waitingWords } from "../inspect/StateWords.ts"
import { count, span } from "../progress/RunWords.ts"
import { grouped } from "../Shown.ts"
import { brief, listOf, type LivePicture, momentOf } from "./LivePicture.ts"

const mostLast = 20
const mostPartial = 20

/**
 * What was found when a dataset was looked at, at `now` in milliseconds since 1970: what is committed, or why that cannot
 * be said, and the lock of its folder, `unknown` for a storage that has none. `first` is what the first look found.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetLook {
  readonly place: string
  readonly found: Either.Either<DatasetSummary, StorageError>
  readonly lock: LockState | undefined | "unknown"
  readonly first: { readonly ratings: number; readonly at: number }
  readonly now: number
}

/** Who works on the dataset. */
const holderOf = ({ lock, now }: DatasetLook): Pick<LivePicture, "now" | "state"> => {
  if (lock === "unknown") return { state: "working", now: "Shows each batch as it is committed." }
  if (lock?.isHeld !== true) return { state: "done", now: "No process works on it." }
  const { process, since } = lock
  return {
    state: "working",
    now: brief(`Process ${process.pid} on ${process.host} works on it since ${momentOf(since.epochMillis, now)}.`)
  }
}

const whyPartial = (record: MemberRecord): string => {
  const why = whatMemberWaitsFor(record)
  return why === undefined ? "" : waitingWords[why]
}

/** The first of all in an order, without putting the others into it. */
const firstOf = <A>(all: Iterable<A>, most: number, isBefore: (one: A, other: A) => boolean): ReadonlyArray<A> => {
  const first: Array<A> = []
  for (const one of all) {
    const place = first.findIndex((other) => isBefore(one, other))
    if (place === -1 && first.length >= most) continue
    first.splice(place === -1 ? first.length : place, 0, one)
    if (first.length > most) first.pop()
  }
  return first
}

/**
 * The picture of a dataset. At most some kilobytes, whatever the dataset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pictureOfDataset = (look: DatasetLook): LivePicture => {
  const { first, found, now, place } = look
  const title = brief(`The dataset in ${place}`)
  const lead = `As it is committed at ${momentOf(now, now)}.`
  const holder = holderOf(look)
  if (found._tag === "Left") {
    const isEmpty = found.left.reason === "NothingThere"
    return {
      title,
      lead,
      ...(isEmpty
        ? { state: "waiting", now: `Nothing is committed yet. ${holder.now}` }
        : { state: "stopped", now: brief(found.left.message) }),
      numbers: [],
      lists: []
    }
  }
  const { committedAt, state } = found.right
  const counts = countsOf(found.right)
  const members = [...state.members.values()].filter((record) => record.state !== "forgotten")
  const last = firstOf(members, mostLast, (one, other) => one.readAt.epochMillis > other.readAt.epochMillis)
  const partial = members.filter((record) => record.state === "partial")
  return {
    title,
    lead,
    ...holder,
    numbers: [
      [grouped(counts.ratings), "ratings"],
      [grouped(counts.users), "members"],
      [grouped(counts.sealed), "complete"],
      [grouped(counts.partial), "partial"],
      [grouped(counts.films), "films"],
      [prettyBytes(counts.bytes), count(counts.batches, "batch", "batches")],
      [momentOf(committedAt.epochMillis, now), "last commit"],
      [
        `${counts.ratings < first.ratings ? "" : "+"}${grouped(counts.ratings - first.ratings)}`,
        `ratings in the ${span(now - first.at)} of this page`
      ]
    ],
    lists: [
      listOf(
        "Read last",
        "Nobody yet.",
        last.map((record) => ({
          name: record.username,
          words: `${stateWords[record.state]}, ${count(record.ratings, "rating")}, ${momentOf(record.readAt.epochMillis, now)}`
        })),
        mostLast
      ),
      listOf(
        "Partial",
        "Nobody.",
        partial.map((record) => ({ name: record.username, words: whyPartial(record) })),
        mostPartial
      )
    ]
  }
}
