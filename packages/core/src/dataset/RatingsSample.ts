/**
 * A small sample of a member's ratings by which the member can be told again under another name.
 *
 * @since 0.1.0
 */
import type { FilmId } from "../domain/Film.ts"
import type { Username } from "../domain/Member.ts"
import type { MemberRecord } from "./Tables.ts"

/**
 * Films in a sample: a quarter of the list, so that it says something about stars and not only about films, and 32 at
 * most. With 32, no two of the 1,020 members whose real ratings this was tried on look like one.
 */
const largestSample = 32
const sampleSize = (ratings: number): number => Math.min(largestSample, Math.max(2, Math.ceil(ratings / 4)))

/** Lists with fewer ratings are alike too often. */
const fewestRatings = 3

/** The share of a sample that has to be the same. */
const sameShare = 0.6

/** Mixes the bits of a number of up to 36 bits into 32. The values are kept in datasets: they must never change. */
const mix = (filmId: number, halfStars: number): number => {
  let x = (Math.imul(filmId, 0x9e37_79b1) + Math.imul(halfStars, 0x85eb_ca6b)) >>> 0
  x = Math.imul(x ^ (x >>> 15), 0x85eb_ca6b) >>> 0
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35) >>> 0
  return (x ^ (x >>> 16)) >>> 0
}

/**
 * The films of the ratings with the smallest hashes of film and stars, ascending by hash: a quarter of all, 32 at most. Members who saw the same
 * films but rated them otherwise have different samples; two readings of one member share most of theirs, in proportion
 * to what changed between them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sampleOfRatings = (
  ratings: Iterable<{ readonly filmId: FilmId; readonly rating: number }>
): ReadonlyArray<FilmId> => {
  // Ascending, and never more than a sample may have: to sort all ratings of all members would take much longer.
  const smallest: Array<{ readonly filmId: FilmId; readonly hash: number }> = []
  let count = 0
  for (const { filmId, rating } of ratings) {
    count += 1
    const hash = mix(filmId, rating * 2)
    let place = smallest.length
    for (; place > 0; place--) {
      const before = smallest[place - 1]
      if (before === undefined || before.hash < hash || (before.hash === hash && before.filmId <= filmId)) break
    }
    if (place >= largestSample) continue
    if (smallest.length === largestSample) smallest.pop()
    smallest.splice(place, 0, { filmId, hash })
  }
  return smallest.slice(0, sampleSize(count)).map(({ filmId }) => filmId)
}

type Sampled = Pick<MemberRecord, "ratings" | "seen" | "state" | "username">

/**
 * Finds members whose ratings look like another member's. `add` notes a member with the sample in its record; `like`
 * gives those among the noted ones who may be the same person, most alike first. Members that are not sealed, or have
 * no sample, are passed over. Costs time in proportion to the members that share a film of the sample.
 *
 * @since 0.1.0
 * @category models
 */
export interface SampledMembers {
  readonly add: (member: Sampled) => void
  readonly like: (member: Sampled) => ReadonlyArray<Username>
}

const isSampled = ({ ratings, seen, state }: Sampled): boolean =>
  state === "sealed" && seen !== undefined && seen.length > 0 && ratings >= fewestRatings

/**
 * @since 0.1.0
 * @category constructors
 */
export const sampledMembers = (): SampledMembers => {
  const byFilm = new Map<FilmId, Array<Sampled>>()
  return {
    add: (member) => {
      if (!isSampled(member)) return
      for (const filmId of member.seen ?? []) {
        const there = byFilm.get(filmId)
        if (there === undefined) byFilm.set(filmId, [member])
        else there.push(member)
      }
    },
    like: (member) => {
      if (!isSampled(member)) return []
      const shared = new Map<Sampled, number>()
      for (const filmId of member.seen ?? []) {
        for (const other of byFilm.get(filmId) ?? []) shared.set(other, (shared.get(other) ?? 0) + 1)
      }
      return [...shared]
        .filter(([other, films]) => {
          const smaller = Math.min(member.ratings, other.ratings)
          const larger = Math.max(member.ratings, other.ratings)
          // Where one list grew out of the other, so large a part of the samples is the same.
          const expected = sampleSize(smaller) * (smaller / larger)
          return other.username !== member.username && smaller * 2 >= larger && films >= expected * sameShare
        })
        .sort(([, a], [, b]) => b - a)
        .map(([{ username }]) => username)
    }
  }
}

/** Whoever is named as a suspect without having been asked for has to have a list that nobody else has by chance. */
const fewestRatingsOfSuspects = 40

/**
 * Pairs of sealed members whose ratings are so much alike that they may be one member under two names, in the order of
 * `members`. Members with fewer than 40 ratings, and members without a sample (of an adopted dataset, or completed by
 * several runs), are not compared.
 *
 * @since 0.1.0
 * @category constructors
 */
export const membersAlike = (members: Iterable<MemberRecord>): ReadonlyArray<readonly [Username, Username]> => {
  const seenSoFar = sampledMembers()
  const pairs: Array<readonly [Username, Username]> = []
  for (const member of members) {
    if (member.ratings < fewestRatingsOfSuspects) continue
    for (const other of seenSoFar.like(member)) pairs.push([other, member.username])
    seenSoFar.add(member)
  }
  return pairs
}
