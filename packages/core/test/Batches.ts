/** Parts of batches, for tests. */
import { type BatchMember, EncodedRating, Film, MemberRecord, type MemberState } from "@letterboxd-ratings/core"
import { DateTime, Schema } from "effect"

const film = Schema.decodeUnknownSync(Film)
const rating = Schema.decodeUnknownSync(EncodedRating)
const record = Schema.decodeUnknownSync(MemberRecord)

export const filmOf = (id: number, title: string) => film({ id, slug: `film-${id}`, title })

/** A member with ratings of some films; one that is known already is read again. */
export const memberOf = (
  userId: number,
  films: ReadonlyArray<number>,
  { isNew, minute, state }: { readonly isNew: boolean; readonly state: MemberState; readonly minute: number }
): BatchMember => ({
  record: record({
    username: `member_${userId}`,
    userId,
    state,
    readAt: DateTime.formatIso(DateTime.unsafeMake(minute * 60_000)),
    lastPage: 1,
    missing: [],
    films: films.length,
    ratings: films.length,
    doubts: [],
    verdicts: { Films: 1 }
  }),
  isNew,
  write: isNew ? "append" : "replace",
  ratings: films.map((filmId) => rating({ userId, filmId, rating: ((filmId % 10) + 1) / 2 })),
  watched: []
})
