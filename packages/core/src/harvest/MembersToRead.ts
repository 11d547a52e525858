/**
 * The order in which a run reads members, and who is left out.
 *
 * @since 0.1.0
 */
import { Effect, Stream } from "effect"
import type { MemberListing, Username } from "../domain/Member.ts"
import type { SourceError } from "../reading/SourceError.ts"
import type { DatasetState } from "../dataset/Batch.ts"
import type { MemberRecord } from "../dataset/Tables.ts"
import { whatMemberWaitsFor } from "../dataset/WhatMemberWaitsFor.ts"

/**
 * A member to read. `record` is there for a member that is partial, `listedFilms` where the members list stated how many
 * films the member watched.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberTask {
  readonly username: Username
  readonly record?: MemberRecord
  readonly listedFilms?: number
}

/**
 * So many listings in a row that were all there before in the same reading of the members list say that it repeats itself:
 * five pages of the site. A list that moves while it is read repeats a few names at a time.
 */
const repeatsThatEnd = 150

/**
 * The partial members of a dataset in two groups. `last` are those that the source refused, or whose lists were not
 * understood: a run that began with them would end there each time, and nobody else would ever be reached.
 *
 * @since 0.1.0
 * @category constructors
 */
export const partialMembers = (
  state: DatasetState
): { readonly first: ReadonlyArray<MemberTask>; readonly last: ReadonlyArray<MemberTask> } => {
  const first: Array<MemberTask> = []
  const last: Array<MemberTask> = []
  for (const record of state.members.values()) {
    if (record.state !== "partial") continue
    const waitsFor = whatMemberWaitsFor(record)
    const isTroubled = waitsFor === "refused" || waitsFor === "not-understood"
    ;(isTroubled ? last : first).push({ username: record.username, record })
  }
  return { first, last }
}

/**
 * New members from the source's list, at most `wanted`, each once. Members in `isKnown` and `isSkipped` are passed over.
 * A list that repeats itself ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const newMembers = (
  listings: Stream.Stream<MemberListing, SourceError>,
  options: {
    readonly wanted: number
    readonly isKnown: (username: Username) => boolean
    readonly isSkipped: (username: Username) => boolean
    readonly onNew: (listing: MemberListing) => Effect.Effect<void>
  }
): Stream.Stream<MemberTask, SourceError> =>
  Stream.suspend(() => {
    const listed = new Set<Username>()
    let repeats = 0
    return listings.pipe(
      Stream.map((listing) => {
        const isFirst = !listed.has(listing.username)
        repeats = isFirst ? 0 : repeats + 1
        listed.add(listing.username)
        return { listing, isFirst }
      }),
      Stream.takeWhile(() => repeats < repeatsThatEnd),
      Stream.filter(
        ({ isFirst, listing: { username } }) => isFirst && !options.isKnown(username) && !options.isSkipped(username)
      ),
      Stream.take(options.wanted),
      Stream.mapEffect(({ listing }) =>
        Effect.as(options.onNew(listing), {
          username: listing.username,
          ...(listing.films === undefined ? {} : { listedFilms: listing.films })
        })
      )
    )
  })
