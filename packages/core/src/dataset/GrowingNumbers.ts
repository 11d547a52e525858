/**
 * Numbers of a kind, in an array that grows.
 *
 * @since 0.1.0
 */

/**
 * `length` says how many there are. `all` has the numbers without a copy: what is added later may not be in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface GrowingNumbers<A extends Int32Array | Uint8Array> {
  readonly add: (value: number) => void
  readonly at: (i: number) => number
  readonly length: () => number
  readonly all: () => A
}

/** So many are believed in before they are there: a wrong number must not take all memory. */
const mostExpected = 2 ** 24

/**
 * An array with room for as many as are expected. If there are more it grows, and is there twice for that time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const growingNumbers = <A extends Int32Array | Uint8Array>(
  make: (length: number) => A,
  expected: number
): GrowingNumbers<A> => {
  let held = make(Math.max(1024, Math.min(expected, mostExpected)))
  let length = 0
  return {
    add: (value) => {
      if (length === held.length) {
        const larger = make(held.length * 2)
        larger.set(held)
        held = larger
      }
      held[length] = value
      length += 1
    },
    at: (i) => held[i] ?? 0,
    length: () => length,
    // A part of an array is one of the same kind, which the compiler does not know of a parameter.
    all: () => held.subarray(0, length) as A
  }
}
