/**
 * Ratings in parts, to train and to test a recommender.
 *
 * @since 0.1.0
 */
import { type EncodedRating, filterBlock, runForEachRating, type StorageError } from "@letterboxd-ratings/core"
import { sha256 } from "@noble/hashes/sha2"
import { Effect, Schema, Stream } from "effect"
import type { ExportedDataset, ExportedPart } from "./ExportedDataset.ts"
import { failures } from "./ExportedFile.ts"
import { count, counted } from "./NumberWords.ts"

/**
 * Which ratings are for testing:
 *
 * - `random`: a share of all, by a hash of member and film. Each rating is decided alone: others do not move when the
 *   dataset grows.
 * - `leave-one-out`: one of each member with at least two: the newest if the days of all are known, otherwise the one with
 *   the smallest hash.
 * - `time`: those of a day (`2025-01-31`) and later. The days of all ratings must be known.
 *
 * @since 0.1.0
 * @category models
 */
export const Split = Schema.Union(
  Schema.TaggedStruct("random", { share: Schema.Number.pipe(Schema.between(0, 1)) }),
  Schema.TaggedStruct("leave-one-out", {}),
  Schema.TaggedStruct("time", { day: Schema.String.pipe(Schema.pattern(/^\d{4}-\d{2}-\d{2}$/u)) })
)

/**
 * @since 0.1.0
 * @category models
 */
export type Split = typeof Split.Type

/** The seed of hashes if none is given. */
export const defaultSeed = "0"

/** The share of the training ratings that is for validation in layouts that need such a part. */
const validationShare = 0.1

/** The finalizer of MurmurHash3: each bit of the number changes half of the bits of the result. */
const mixed = (number: number): number => {
  let h = number | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * The hashes of a rating under a seed, two numbers below 2^32: one for the split, one for validation. A member's key is the
 * beginning of SHA-256 of `SEED:USERID`, three numbers of 32 bits (big endian), and films are mixed into it. So a member's
 * ratings all have different hashes.
 */
export const hashesUnder = (
  seed: string
): ((rating: Pick<EncodedRating, "filmId" | "userId">) => { readonly split: number; readonly validation: number }) => {
  const encoder = new TextEncoder()
  // Rows of a member mostly stand together.
  let last: { readonly userId: number; readonly key: DataView } | undefined
  return ({ filmId, userId }) => {
    if (last?.userId !== userId) {
      const { buffer, byteOffset } = sha256(encoder.encode(`${seed}:${userId}`))
      last = { userId, key: new DataView(buffer, byteOffset) }
    }
    const split = mixed(mixed(filmId ^ last.key.getUint32(0)) ^ last.key.getUint32(4))
    return { split, validation: mixed(split ^ last.key.getUint32(8)) }
  }
}

const isInShare = (hash: number, share: number): boolean => hash / 2 ** 32 < share

const partNames = ["train", "valid", "test"] as const
const [train, valid, test] = [0, 1, 2] as const

/** What is known of a member while rows are read: which one is left out, and why. */
interface LeftOut {
  rows: number
  areDaysKnown: boolean
  newest: { readonly row: number; readonly day: string; readonly hash: number }
  smallest: { readonly row: number; readonly hash: number }
}

/** How many members have a rating left out: the newest one, the one with the smallest hash, or none. */
type LeftOutBy = Readonly<Record<"day" | "hash" | "no", number>>

const wordsOf = (split: Split, { day, hash, no }: LeftOutBy): string => {
  switch (split._tag) {
    case "random":
      return `about ${Number((split.share * 100).toPrecision(6))} % of the ratings are for testing, each chosen by a hash of its own, whatever else is in the dataset.`
    case "leave-one-out":
      return `one rating of each member is for testing. It is the newest for ${counted(day, "member")}, the days of all whose ratings are known, and the one with the smallest hash for ${counted(hash, "member")}. ${counted(no, "member")} with a single rating ${no === 1 ? "is" : "are"} in training only.`
    case "time":
      return `the ratings of ${split.day} and later are for testing.`
  }
}

/**
 * The ratings of a dataset in parts, and sentences about them for the data card. With `withValidation`, there is a part for
 * validation, made of a tenth of the ratings for training. Reads the ratings once, and holds a byte for each. Fails with
 * `InvalidOption` if the split needs days that are not known; the error is about `place`.
 */
export const splitInParts = (
  { ratings }: Pick<ExportedDataset, "ratings">,
  split: Split,
  { place, seed, withValidation }: { readonly place: string; readonly seed: string; readonly withValidation: boolean }
): Effect.Effect<
  { readonly parts: ReadonlyArray<ExportedPart>; readonly notes: ReadonlyArray<string> },
  StorageError
> =>
  Effect.gen(function* () {
    const hashesOf = hashesUnder(seed)
    let partOf = new Uint8Array(1024)
    let rows = 0
    let withoutDay = 0
    const leftOut = new Map<number, LeftOut>()
    const see = (rating: EncodedRating): void => {
      if (rows === partOf.length) {
        const larger = new Uint8Array(rows * 2)
        larger.set(partOf)
        partOf = larger
      }
      const { ratedOn, userId } = rating
      const hashes = hashesOf(rating)
      if (ratedOn === undefined) withoutDay += 1
      let isTest = false
      switch (split._tag) {
        case "random":
          isTest = isInShare(hashes.split, split.share)
          break
        case "time":
          isTest = ratedOn !== undefined && ratedOn >= split.day
          break
        case "leave-one-out": {
          const one = { row: rows, day: ratedOn ?? "", hash: hashes.split }
          const known = leftOut.get(userId)
          if (known === undefined) {
            leftOut.set(userId, { rows: 1, areDaysKnown: ratedOn !== undefined, newest: one, smallest: one })
            break
          }
          known.rows += 1
          if (ratedOn === undefined) known.areDaysKnown = false
          if (one.hash < known.smallest.hash) known.smallest = one
          if (one.day > known.newest.day || (one.day === known.newest.day && one.hash < known.newest.hash))
            known.newest = one
        }
      }
      partOf[rows] = isTest ? test : withValidation && isInShare(hashes.validation, validationShare) ? valid : train
      rows += 1
    }
    yield* runForEachRating(ratings, see)
    if (split._tag === "time" && withoutDay > 0) {
      return yield* failures.storageError(
        "InvalidOption",
        place,
        `${count(withoutDay)} of ${count(rows)} ratings cannot be split by time: it is not known on which day they were rated. Nothing was exported. Choose another split, such as random:0.1 or leave-one-out`
      )
    }
    const leftOutBy = { day: 0, hash: 0, no: 0 }
    for (const { areDaysKnown, newest, rows: rowsOfMember, smallest } of leftOut.values()) {
      const by = rowsOfMember < 2 ? "no" : areDaysKnown ? "day" : "hash"
      leftOutBy[by] += 1
      if (by !== "no") partOf[by === "day" ? newest.row : smallest.row] = test
    }
    const counts = [0, 0, 0]
    for (let row = 0; row < rows; row++) counts[partOf[row] ?? 0] = (counts[partOf[row] ?? 0] ?? 0) + 1
    const parts = partNames.flatMap((name, part): ReadonlyArray<ExportedPart> =>
      name === "valid" && !withValidation
        ? []
        : [
            {
              name,
              rows: counts[part] ?? 0,
              ratings: Stream.suspend(() => {
                let before = 0
                return Stream.map(ratings, (block) => {
                  const first = before
                  before += block.size
                  return filterBlock(block, (row) => partOf[first + row] === part)
                })
              })
            }
          ]
    )
    const notes = [
      `Split: ${wordsOf(split, leftOutBy)}`,
      ...(withValidation ? ["A tenth of the other ratings, chosen by hash, is for validation."] : []),
      ...(withValidation || split._tag !== "time"
        ? [`Hashes are made of the seed \`${seed}\`, the id of the member and that of the film.`]
        : []),
      `Ratings in the parts: ${parts.map((part) => `${part.name} ${count(part.rows)}`).join(", ")}.`
    ]
    return { parts, notes: [notes.join(" ")] }
  })
