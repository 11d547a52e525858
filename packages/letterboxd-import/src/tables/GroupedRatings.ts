/**
 * Ratings that come in any order, grouped by member, in little memory.
 */

/** So many ratings stand in a block. */
const blockRows = 1_048_576

/** The most ratings of one input. */
export const mostRows = 200_000_000

/** The most members of one input. */
export const mostMembers = 20_000_000

/** The most films of one input. */
export const mostFilms = 20_000_000

/** A value has so many bits; the rest of a number is the place of the film. */
const valueBits = 5
const valueMask = 31

/** A rating of a member: the place of the film, and the value as it was added. */
interface GroupedRating {
  readonly film: number
  readonly value: number
}

/**
 * Ratings by members. Members and films are places, 0, 1, 2 ... in order of first appearance; values are 0 to 31. A rating
 * takes eight bytes: each one knows the one before it of the same member, so nothing has to be sorted.
 */
export interface GroupedRatings {
  readonly rows: () => number
  readonly members: () => number
  readonly add: (member: number, film: number, value: number) => void
  /** The ratings of a member in the order in which they came, each film once; the last one counts. */
  readonly of: (member: number) => ReadonlyArray<GroupedRating>
}

/** Ratings of nobody yet. */
export const makeGroupedRatings = (): GroupedRatings => {
  const packed: Array<Uint32Array> = []
  const before: Array<Uint32Array> = []
  /** The last row of each member, from 1; 0 is none. */
  let last = new Uint32Array(1024)
  let members = 0
  let rows = 0
  /** Which member had this film last, from 1. It tells a film that stands twice without a set for each member. */
  let seenBy = new Uint32Array(1024)

  const grown = (array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> => {
    if (length <= array.length) return array
    const larger = new Uint32Array(Math.max(length, array.length * 2))
    larger.set(array)
    return larger
  }

  return {
    rows: () => rows,
    members: () => members,
    add: (member, film, value) => {
      const at = rows % blockRows
      if (at === 0) {
        packed.push(new Uint32Array(blockRows))
        before.push(new Uint32Array(blockRows))
      }
      last = grown(last, member + 1)
      seenBy = grown(seenBy, film + 1)
      if (member >= members) members = member + 1
      const block = Math.floor(rows / blockRows)
      const packedBlock = packed[block]
      const beforeBlock = before[block]
      if (packedBlock === undefined || beforeBlock === undefined) return
      packedBlock[at] = film * (valueMask + 1) + value
      beforeBlock[at] = last[member] ?? 0
      rows += 1
      last[member] = rows
    },
    of: (member) => {
      const ratings: Array<GroupedRating> = []
      // Another member may have had the film before: only this member's mark counts, and it is taken away again.
      for (let row = last[member] ?? 0; row > 0;) {
        const block = Math.floor((row - 1) / blockRows)
        const at = (row - 1) % blockRows
        const rating = packed[block]?.[at] ?? 0
        const film = rating >>> valueBits
        if (seenBy[film] !== member + 1) {
          seenBy[film] = member + 1
          ratings.push({ film, value: rating & valueMask })
        }
        row = before[block]?.[at] ?? 0
      }
      for (const { film } of ratings) seenBy[film] = 0
      return ratings.toReversed()
    }
  }
}
