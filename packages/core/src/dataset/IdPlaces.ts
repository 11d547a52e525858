/**
 * Numbers from 0 for ids, in the order in which they are first seen.
 *
 * @since 0.1.0
 */
import { growingNumbers } from "./GrowingNumbers.ts"

/**
 * - `at`: the place of an id, which gets the next one if it has none.
 * - `size`: how many ids have a place.
 * - `ids`: their ids in the order of places, without a copy: one that joins later may not be in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface IdPlaces {
  readonly at: (id: number) => number
  readonly size: () => number
  readonly ids: () => Int32Array
}

/** A factor that spreads neighbouring ids over a table (Knuth). */
const spread = 0x9e37_79b1

/**
 * Places of ids from 1 to 2^31 - 1, those of `first` in their order. They are in a table of numbers, up to twelve bytes for each
 * and half as much again while it grows: for millions of rows, a map takes several times as long.
 *
 * @since 0.1.0
 * @category constructors
 */
export const idPlaces = (first: Iterable<number> = []): IdPlaces => {
  // The table has twice as many slots as ids at least. A slot has a place above 0, or 0.
  let bits = 11
  let slots = new Int32Array(1 << bits)
  const ids = growingNumbers((n) => new Int32Array(n), 0)
  let lastId = -1
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
    for (let place = 0; place < ids.length(); place++) slots[slotOf(ids.at(place))] = place + 1
  }
  const at = (id: number): number => {
    // Rows of a member mostly stand together.
    if (id === lastId) return last
    const slot = slotOf(id)
    const known = slots[slot] ?? 0
    lastId = id
    if (known > 0) return (last = known - 1)
    last = ids.length()
    ids.add(id)
    slots[slot] = last + 1
    if (ids.length() * 2 === slots.length) grow()
    return last
  }
  for (const id of first) at(id)
  return { at, size: ids.length, ids: ids.all }
}
