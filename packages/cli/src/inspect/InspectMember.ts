/**
 * One member of a dataset: the ratings, what proves them, when they were read, and what changed.
 *
 * @since 0.1.0
 */
import {
  displayName,
  formatRating,
  type MemberRecord,
  type RatingChange,
  runForEachRating,
  type StorageError,
  type UserId,
  type Username,
  whatMemberWaitsFor,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { DateTime, Effect, Stream } from "effect"
import { count, whatIsMissing } from "../progress/RunWords.ts"
import { printable } from "../Shown.ts"
import { byStars, Histogram, histogramLines } from "./Histogram.ts"
import { factLines, firstOf, type Inspected, NotInDataset, ratingsWords } from "./Inspected.ts"
import { memberOf } from "./MemberOf.ts"
import { proofWords, stateWords, waitingWords } from "./StateWords.ts"

/**
 * The id of a member, and its present name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const knownMember = (
  whole: WholeDataset,
  username: Username
): Effect.Effect<{ readonly userId: UserId; readonly name: Username }, StorageError | NotInDataset> =>
  Effect.gen(function* () {
    const userId = yield* memberOf(whole, username)
    for (const [name, id] of whole.state.users) if (id === userId) return { userId: id, name }
    return yield* new NotInDataset({
      reason: "NoMember",
      message: `The dataset has no member ${username}. Check the name.`
    })
  })

/** What the record says that proves the list. */
const proofOf = (record: MemberRecord): string =>
  record.proof !== undefined
    ? proofWords[record.proof]
    : record.state === "sealed"
      ? "all pages of the list"
      : record.state === "partial"
        ? "nothing yet: the list is not complete"
        : "nothing"

const missingWords = (record: MemberRecord): string | undefined => {
  const waits = whatMemberWaitsFor(record)
  if (waits === undefined) return undefined
  const exact = whatIsMissing(record)
  return exact === "" ? waitingWords[waits] : `${waitingWords[waits]} (${exact})`
}

const changeWords = ({ after, before }: RatingChange): string =>
  [before, after].map((rating) => (rating === undefined ? "none" : formatRating(rating))).join(" → ")

const iso = (at: DateTime.Utc): string => (at.epochMillis === 0 ? "unknown time" : DateTime.formatIso(at))

/**
 * Reads all ratings and changes once, and holds the changes of this member.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inspectMember = (
  whole: WholeDataset,
  username: Username
): Effect.Effect<Inspected, StorageError | NotInDataset> =>
  Effect.gen(function* () {
    const { name, userId } = yield* knownMember(whole, username)
    const { films, keeps, members, updates } = whole.state
    const record = members.get(name)
    const histogram = new Histogram()
    let liked = 0
    let firstDay: string | undefined
    let lastDay: string | undefined
    yield* runForEachRating(whole.ratings, (row) => {
      if (row.userId !== userId) return
      histogram.add(row.rating)
      if (row.liked === true) liked += 1
      if (row.ratedOn === undefined) return
      if (firstDay === undefined || row.ratedOn < firstDay) firstDay = row.ratedOn
      if (lastDay === undefined || row.ratedOn > lastDay) lastDay = row.ratedOn
    })
    const changes = new Array<RatingChange>()
    yield* Stream.runForEachChunk(whole.changes, (chunk) =>
      Effect.sync(() => {
        for (const change of chunk) if (change.userId === userId) changes.push(change)
      })
    )
    changes.reverse()
    const filmOf = ({ filmId }: RatingChange): string => {
      const film = films.get(filmId)
      return film === undefined ? `film:${filmId}` : printable(displayName(film))
    }
    const readAt = record?.readAt ?? updates.get(name)
    const rows: ReadonlyArray<readonly [string, string | undefined]> = [
      ["member", `${name} (user ${userId})`],
      ["asked for", name === username ? undefined : `${username}, a former name`],
      ["state", record === undefined ? stateWords.unproven : stateWords[record.state]],
      ["renamed to", record?.renamedTo],
      ["why", record === undefined ? undefined : missingWords(record)],
      [
        "source",
        record === undefined
          ? "unknown"
          : record.source === undefined
            ? "the pages of the site"
            : printable(record.source)
      ],
      ["proof", record === undefined ? proofWords.none : proofOf(record)],
      ["last read", readAt === undefined ? "unknown" : iso(readAt)],
      ["pages", record === undefined || record.lastPage === 0 ? undefined : record.lastPage.toLocaleString("en-US")],
      [
        "films",
        record === undefined
          ? undefined
          : `${record.films.toLocaleString("en-US")} seen${record.statedFilms === undefined ? "" : `, ${record.statedFilms.toLocaleString("en-US")} stated`}`
      ],
      ["ratings", ratingsWords(histogram)],
      ["rated", firstDay === undefined || lastDay === undefined ? undefined : `from ${firstDay} to ${lastDay}`],
      ["liked", keeps.has("liked") ? liked.toLocaleString("en-US") : undefined],
      [
        "changes",
        keeps.has("changes") ? changes.length.toLocaleString("en-US") : "not recorded: no member was read again yet"
      ]
    ]
    return {
      lines: (width) => [
        ...factLines(rows),
        "",
        ...histogramLines(histogram, width),
        ...(changes.length === 0
          ? []
          : [
              "",
              `The newest of ${count(changes.length, "change")}:`,
              ...firstOf(
                changes,
                (change) => `${iso(change.at).slice(0, 10)}  ${changeWords(change)}  ${filmOf(change)}`
              )
            ])
      ],
      json: {
        username: name,
        userId,
        state: record?.state ?? "unproven",
        ...(record?.renamedTo === undefined ? {} : { renamedTo: record.renamedTo }),
        ...(record?.source === undefined ? {} : { source: record.source }),
        ...(record?.proof === undefined ? {} : { proof: record.proof }),
        ...(readAt === undefined ? {} : { readAt: iso(readAt) }),
        ...(record === undefined
          ? {}
          : {
              lastPage: record.lastPage,
              missing: record.missing,
              doubts: record.doubts,
              films: record.films,
              ...(record.statedFilms === undefined ? {} : { statedFilms: record.statedFilms })
            }),
        ratings: histogram.total,
        mean: histogram.mean,
        median: histogram.median,
        stars: byStars(histogram),
        ...(firstDay === undefined ? {} : { firstDay, lastDay }),
        ...(keeps.has("liked") ? { liked } : {}),
        changes: changes.map(({ after, at, before, filmId }) => ({ at: iso(at), filmId, before, after }))
      }
    }
  })
