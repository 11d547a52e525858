/**
 * Numbers from 0 for ids, in the order in which they are first seen.
 *
 * @since 0.1.0
 */
import { growingNumbers } from "./GrowingNumbers.ts"

/** `at` gives an id its place, `length` says how many there are, and `all` gives their ids in order. */
interface Places {
  readonly at: (id: number) => number
  readonly length: () => number
  readonly all: () => Int32Array
}

/** A factor that spreads neighbouring ids over a table (Knuth). */
const spread = 0x9e37_79b1

/**
 * Places of ids from 1 to 2^31 - 1, in a table of numbers: a map takes several times as long for each of millions of rows.
 */
export const placesOf = (): Places => {
  const ids = growingNumbers((n) => new Int32Array(n), 0)
  // Twice the room of what is in it at least; each slot has a place above 0.
  let bits = 11
  let slots = new Int32Array(1 << bits)
  let lastId = 0
  let last = 0
  const slotOf = (id: number): number => {
    const end = slots.length - 1
    let slot = Math.imul(id, spread) >>> (32 - bits)
    for (;;) {
      const place = slots[slot] ?? 0
      if (place === 0 || ids.at(place - 1) === id) return slot
      slot = slot === end ? 0 : slot + 1
    }
  }
  const grow = () => {
    bits += 1
    slots = new Int32Array(1 << bits)
    const all = ids.all()
    for (let i = 0; i < all.length; i++) slots[slotOf(all[i] ?? 0)] = i + 1
  }
  return {
    at: (id) => {
      // Rows of a member mostly stand together.
      if (id === lastId) return last
      const slot = slotOf(id)
      const known = slots[slot] ?? 0
      lastId = id
      if (known > 0) return (last = known - 1)
      ids.add(id)
      last = ids.length() - 1
      slots[slot] = last + 1
      if (ids.length() * 2 > slots.length) grow()
      return last
    },
    length: ids.length,
    all: ids.all
  }
}
