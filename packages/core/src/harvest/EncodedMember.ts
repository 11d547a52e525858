/**
 * Turns a member that was read into its part of a batch.
 *
 * @since 0.1.0
 */
import type { DateTime } from "effect"
import type { Username } from "../Member.ts"
import type { BatchMember, DatasetState } from "../dataset/Batch.ts"
import type { IdRegistry } from "../dataset/IdRegistry.ts"
import { sampleOfRatings } from "../dataset/RatingsSample.ts"
import type { EncodedRating, MemberRecord } from "../dataset/Tables.ts"
import { whatMemberWaitsFor } from "../dataset/WhatMemberWaitsFor.ts"
import type { ReadMember } from "./ReadMember.ts"

/**
 * A member's part of the batch; none where the dataset already holds more than was read now. Only a sealed reading
 * takes rows away: of a known member that is partial again only the reason why it waits changes, and of one that is
 * gone, private or renamed only the record does. `isStored` tells whether a member's list stands complete in the dataset
 * once this batch is there: the rows of a renamed member go when the new name's do, so that nobody counts twice.
 *
 * @since 0.1.0
 * @category constructors
 */
export const encodeMember = (
  registry: IdRegistry,
  state: DatasetState,
  { collected, completes, reading }: ReadMember,
  isStored: (name: Username) => boolean,
  readAt: DateTime.Utc
): ReadonlyArray<BatchMember> => {
  const before = state.members.get(reading.username)
  const isEmpty = before !== undefined && before.state === "partial" && before.films === 0 && before.ratings === 0
  const isKnown = state.users.has(reading.username) && !isEmpty
  const verdicts = Object.fromEntries(collected.verdicts)
  if (isKnown && completes === undefined && reading.state === "partial") {
    if (before?.state !== "partial") return []
    const record = { ...before, verdicts }
    return whatMemberWaitsFor(record) === whatMemberWaitsFor(before)
      ? []
      : [{ record, isNew: false, write: "append", ratings: [] }]
  }
  const { isNew, userId } = registry.user(reading.username)
  const ratings: Array<EncodedRating> = []
  for (const { film, rating } of reading.films) {
    if (rating === undefined) {
      registry.filmIfKnown(film)
      continue
    }
    registry.film(film)
    ratings.push({ userId, filmId: film.id, rating })
  }
  const hasMoved = reading.renamedTo !== undefined && isStored(reading.renamedTo)
  const isReplaced = isKnown && completes === undefined && (reading.state === "sealed" || hasMoved)
  const record: MemberRecord = {
    username: reading.username,
    userId,
    state: reading.state,
    readAt,
    lastPage: reading.lastPart,
    missing: reading.missing,
    films: (completes?.films ?? 0) + reading.films.length,
    ...(reading.statedFilms === undefined ? {} : { statedFilms: reading.statedFilms }),
    ratings: (isReplaced ? 0 : (before?.ratings ?? 0)) + ratings.length,
    doubts: reading.doubts,
    verdicts,
    ...(reading.renamedTo === undefined ? {} : { renamedTo: reading.renamedTo }),
    ...seenFilms(
      reading.state,
      reading.lastPart,
      completes,
      reading.films.map(({ film }) => film.id),
      ratings
    )
  }
  return [{ record, isNew, write: isReplaced ? "replace" : "append", ratings }]
}

const seenFilms = (
  memberState: MemberRecord["state"],
  lastPart: number,
  completes: MemberRecord | undefined,
  films: ReadonlyArray<EncodedRating["filmId"]>,
  ratings: ReadonlyArray<EncodedRating>
): Pick<MemberRecord, "seen"> => {
  if (memberState === "partial" && lastPart > 0) return { seen: [...(completes?.seen ?? []), ...films] }
  // A member that is completed later has only the last of its ratings here, which is no sample of all.
  return memberState === "sealed" && completes === undefined && ratings.length > 0
    ? { seen: sampleOfRatings(ratings) }
    : {}
}
