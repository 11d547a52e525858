/**
 * Ratings as lines of a file, in bytes. Most of a line is the same for all ratings of a member, or of a film: it becomes bytes
 * once. To make a text of each rating, and bytes of the text, takes several times as long.
 *
 * @since 0.1.0
 */
import { Stream } from "effect"
import { growingNumbers } from "./GrowingNumbers.ts"
import { idPlaces } from "./IdPlaces.ts"
import { forEachRating, type RatingBlock } from "./RatingBlock.ts"
import type { EncodedRating } from "./Tables.ts"

/**
 * A piece of a line. `text` makes it of a rating: once for each member, film or number of stars if it is the same for all ratings
 * `of` it, and of each rating otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export interface LinePiece {
  readonly of: "member" | "film" | "stars" | "rating"
  readonly text: (rating: EncodedRating) => string
}

const encoder = new TextEncoder()

/** Bytes behind each other, in room that grows. */
const growingBytes = () => {
  let room = new Uint8Array(65_536)
  let length = 0
  return {
    clear: () => {
      length = 0
    },
    length: () => length,
    room: () => room,
    append: (from: Uint8Array, start: number, end: number) => {
      const more = end - start
      if (length + more > room.length) {
        const larger = new Uint8Array((length + more) * 2)
        larger.set(room)
        room = larger
      }
      // `set` takes longer for a few bytes.
      if (more > 64) room.set(from.subarray(start, end), length)
      else for (let i = 0; i < more; i++) room[length + i] = from[start + i] ?? 0
      length += more
    },
    all: () => room.subarray(0, length)
  }
}

/** Adds a piece of each rating to the bytes of a line. */
type Adding = (rating: EncodedRating, to: ReturnType<typeof growingBytes>) => void

/** The bytes of a piece by the place of what it is of. */
const byPlace = (placeOf: (rating: EncodedRating) => number, text: LinePiece["text"]): Adding => {
  const bytes = growingBytes()
  const ends = growingNumbers((n) => new Int32Array(n), 0)
  return (rating, to) => {
    const place = placeOf(rating)
    if (place === ends.length()) {
      const made = encoder.encode(text(rating))
      bytes.append(made, 0, made.length)
      ends.add(bytes.length())
    }
    to.append(bytes.room(), place === 0 ? 0 : ends.at(place - 1), ends.at(place))
  }
}

const addingOf = ({ of, text }: LinePiece): Adding => {
  switch (of) {
    case "member": {
      const { at } = idPlaces()
      return byPlace(({ userId }) => at(userId), text)
    }
    case "film": {
      const { at } = idPlaces()
      return byPlace(({ filmId }) => at(filmId), text)
    }
    case "stars": {
      const { at } = idPlaces()
      return byPlace(({ rating }) => at(rating * 2), text)
    }
    case "rating": {
      // Days and likes: few of them are different.
      const known = new Map<string, Uint8Array>()
      return (rating, to) => {
        const key = text(rating)
        const before = known.get(key)
        const bytes = before ?? encoder.encode(key)
        if (before === undefined && known.size < mostRemembered) known.set(key, bytes)
        to.append(bytes, 0, bytes.length)
      }
    }
  }
}

/** Texts beyond so many are made again each time. */
const mostRemembered = 65_536

/**
 * Gives the bytes of the lines of one block after the other: they are valid until the next call. Costs memory for the pieces of
 * each member and film.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ratingLines = (pieces: ReadonlyArray<LinePiece>): ((block: RatingBlock) => Uint8Array) => {
  const adding = pieces.map(addingOf)
  const lines = growingBytes()
  return (block) => {
    lines.clear()
    forEachRating(block, (rating) => {
      for (const add of adding) add(rating, lines)
    })
    return lines.all()
  }
}

/**
 * The lines of a stream of blocks, and how many rows they are. The bytes are valid until the next ones are asked for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const linesOfBlocks = <E, R>(
  blocks: Stream.Stream<RatingBlock, E, R>,
  pieces: ReadonlyArray<LinePiece>
): Stream.Stream<{ readonly text: Uint8Array; readonly rows: number }, E, R> =>
  Stream.suspend(() => {
    const lines = ratingLines(pieces)
    return Stream.map(blocks, (block) => ({ text: lines(block), rows: block.size }))
  })
