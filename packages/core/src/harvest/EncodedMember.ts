/**
 * Turns a member that was read into its part of a batch.
 *
 * @since 0.1.0
 */
import type { DateTime } from "effect"
import type { UserId } from "../domain/Member.ts"
import type { BatchMember, DatasetState } from "../dataset/Batch.ts"
import type { Keeps } from "../dataset/Column.ts"
import type { EncodedRows } from "../dataset/HeldRows.ts"
import type { IdRegistry } from "../dataset/IdRegistry.ts"
import { sampleOfRatings } from "../dataset/RatingsSample.ts"
import { withoutUnkept } from "../dataset/Table.ts"
import {
  type EncodedRating,
  type EncodedWatch,
  type MemberRecord,
  rowTables,
  stateTables,
  type WatchedFilm
} from "../dataset/Tables.ts"
import { whatMemberWaitsFor } from "../dataset/WhatMemberWaitsFor.ts"
import type { ReadMember } from "./ReadMember.ts"

/**
 * How members are encoded: what the dataset keeps, where the lists come from, and when they were read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Encoding {
  readonly keeps: Keeps
  readonly provenance: Pick<MemberRecord, "proof" | "source">
  readonly readAt: DateTime.Utc
}

/**
 * A member's part of the batch; none where the dataset already holds more than was read now. Only a sealed reading
 * takes rows away: of a known member that is partial again only the reason why it waits changes, and of one that is
 * gone, private or renamed only the record does. What becomes of the rows of a renamed member is decided later: see
 * `joinNames`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const encodeMember = (
  registry: IdRegistry,
  state: Pick<DatasetState, "members" | "users">,
  { collected, completes, reading }: ReadMember,
  { keeps, provenance, readAt }: Encoding
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
  const { ratings, watched } = encodeFilms(registry, keeps, userId, reading.films)
  const isReplaced = isKnown && completes === undefined && reading.state === "sealed"
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
    ),
    ...provenance
  }
  return [{ record, isNew, write: isReplaced ? "replace" : "append", ratings, watched }]
}

/**
 * The films of a member as rows, and the films themselves in the registry. Films that the member did not rate are noted
 * only where the dataset has them, or keeps what was watched.
 *
 * @since 0.1.0
 * @category constructors
 */
export const encodeFilms = (
  registry: IdRegistry,
  keeps: Keeps,
  userId: UserId,
  films: ReadonlyArray<WatchedFilm>
): EncodedRows => {
  const filmOf = withoutUnkept(stateTables.films, keeps)
  const ratingOf = withoutUnkept(rowTables.ratings, keeps)
  const watchOf = withoutUnkept(rowTables.watched, keeps)
  const ratings: Array<EncodedRating> = []
  const watched: Array<EncodedWatch> = []
  for (const { film, rating, ...facts } of films) {
    if (rating === undefined && !keeps.has("watched")) {
      registry.filmIfKnown(filmOf(film))
      continue
    }
    registry.film(filmOf(film))
    if (rating === undefined) watched.push(watchOf({ userId, filmId: film.id, ...facts }))
    else ratings.push(ratingOf({ userId, filmId: film.id, rating, ...facts }))
  }
  return { ratings, watched }
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
