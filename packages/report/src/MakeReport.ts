/**
 * Reports on datasets and on members, from any storage.
 *
 * @since 0.1.0
 */
import {
  type RatingsStorage,
  readWhole,
  type StorageError,
  type Username,
  type WholeDataset,
  withoutForgotten
} from "@letterboxd-ratings/core"
import { anonymousIds } from "@letterboxd-ratings/export"
import { type Context, DateTime, Effect, type Redacted, Schema } from "effect"
import { type DatasetNumbers, datasetNumbers } from "./numbers/DatasetNumbers.ts"
import { type MemberNumbers, memberNumbers } from "./numbers/OneMember.ts"
import { type RatingsMatrix, readMatrix } from "./numbers/RatingsMatrix.ts"
import { datasetPage, type PageFacts } from "./page/DatasetPage.ts"
import { memberPage } from "./page/MemberPage.ts"

type Storage = Context.Tag.Service<RatingsStorage>

/**
 * A member that a report was asked for and the dataset does not have, or has no ratings of.
 *
 * @since 0.1.0
 * @category errors
 */
export class MemberNotReported extends Schema.TaggedError<MemberNotReported>(
  "@letterboxd-ratings/report/MemberNotReported"
)("MemberNotReported", {
  reason: Schema.Literal("NotInDataset", "NoRatings"),
  username: Schema.String
}) {
  /** @since 0.1.0 */
  readonly isRetryable = false

  /** @since 0.1.0 */
  override get message(): string {
    return this.reason === "NotInDataset"
      ? `The dataset has no member ${this.username}. Check the name.`
      : `The dataset has no ratings by ${this.username}, so there is nothing to report.`
  }
}

/**
 * A report: one HTML page, which loads nothing and runs no script, and its numbers. `notes` are sentences about what opening
 * the dataset changed in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Report<Numbers> {
  readonly page: string
  readonly numbers: Numbers
  readonly notes: ReadonlyArray<string>
}

/**
 * The name and version of the program, for the page, and the time at which the report was made; default: now.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReportOptions {
  readonly tool: string
  readonly madeAt?: DateTime.Utc
}

/** Opens the dataset, which is held until the scope closes, and reads its ratings. */
const readDataset = (storage: Storage) =>
  Effect.gen(function* () {
    const read = yield* readWhole(storage)
    const whole = { ...read, state: withoutForgotten(read.state) }
    const matrix = yield* readMatrix(whole)
    return { whole, matrix }
  })

const pageFacts = (
  { committedAt, state }: WholeDataset,
  { members }: RatingsMatrix,
  { madeAt, tool }: ReportOptions,
  salt: Redacted.Redacted | undefined
): Effect.Effect<PageFacts> =>
  Effect.map(madeAt === undefined ? DateTime.now : Effect.succeed(madeAt), (now) => {
    const ids = salt === undefined ? undefined : anonymousIds(state.users, salt)
    return {
      nameOf: (at) => {
        const member = members[at]
        if (member === undefined) return ""
        return ids === undefined ? member.username : `member ${ids.get(member.userId) ?? 0}`
      },
      isAnonymous: ids !== undefined,
      committedAt: committedAt.epochMillis,
      madeAt: now.epochMillis,
      tool
    }
  })

/**
 * Makes the report on a dataset. With `salt`, members have the ids of an anonymous export with this salt instead of names,
 * and the times of readings are left out. Reads all ratings once, and keeps up to forty bytes of memory for each.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reportOnDataset = (
  storage: Storage,
  { salt, ...options }: ReportOptions & { readonly salt?: Redacted.Redacted }
): Effect.Effect<Report<DatasetNumbers>, StorageError> =>
  Effect.gen(function* () {
    const { matrix, whole } = yield* readDataset(storage)
    const numbers = yield* datasetNumbers(whole, matrix)
    const page = datasetPage(numbers, yield* pageFacts(whole, matrix, options, salt))
    return { page, numbers, notes: whole.notes }
  }).pipe(Effect.scoped, Effect.withSpan("Report.dataset", { attributes: { storage: storage.name } }))

/**
 * Makes the report on one member. Costs what the report on its dataset does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reportOnMember = (
  storage: Storage,
  username: Username,
  options: ReportOptions
): Effect.Effect<Report<MemberNumbers>, StorageError | MemberNotReported> =>
  Effect.gen(function* () {
    const { matrix, whole } = yield* readDataset(storage)
    const member = matrix.members.findIndex((one) => one.username === username)
    if (member === -1) return yield* new MemberNotReported({ reason: "NotInDataset", username })
    const numbers = memberNumbers(matrix, member)
    if (numbers.ratings === 0) return yield* new MemberNotReported({ reason: "NoRatings", username })
    const page = memberPage(numbers, yield* pageFacts(whole, matrix, options, undefined))
    return { page, numbers, notes: whole.notes }
  }).pipe(Effect.scoped, Effect.withSpan("Report.member", { attributes: { storage: storage.name } }))
