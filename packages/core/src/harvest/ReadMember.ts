/**
 * What was read of a member, on its way to a batch.
 *
 * @since 0.1.0
 */
import type { Username } from "../domain/Member.ts"
import type { MemberRecord } from "../dataset/Tables.ts"
import { reasonInLabel } from "../dataset/WhatMemberWaitsFor.ts"
import { labelOf, type ListPart, missingReason } from "../reading/ListPart.ts"
import type { MemberReading } from "../reading/MemberReading.ts"

/**
 * The parts of a member's list in the order they arrived in, and how often each label was given.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberParts {
  readonly parts: Array<ListPart>
  readonly verdicts: Map<string, number>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const noParts = (): MemberParts => ({ parts: [], verdicts: new Map() })

/**
 * @since 0.1.0
 * @category constructors
 */
export const copyOf = ({ parts, verdicts }: MemberParts): MemberParts => ({
  parts: [...parts],
  verdicts: new Map(verdicts)
})

/**
 * Adds a part that arrived. Where the label of a missing part does not tell why it is missing, the reason is counted as a
 * label too: it decides later when the member is read again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const addPart = ({ parts, verdicts }: MemberParts, part: ListPart): void => {
  parts.push(part)
  const count = (label: string) => verdicts.set(label, (verdicts.get(label) ?? 0) + 1)
  const label = labelOf(part)
  count(label)
  if (part.content._tag !== "Missing") return
  const reason = missingReason(part.content.error)
  if (reason !== "unavailable" && reasonInLabel(label) !== reason) count(part.content.error.reason)
}

/**
 * A member that was read; `completes` is the record of an earlier reading whose missing parts these are, `listedFilms`
 * the number of films that the members list states. `leadsToForgotten` says that the name leads to a member who is forgotten:
 * nothing else is told of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadMember {
  readonly reading: MemberReading
  readonly collected: MemberParts
  readonly completes?: MemberRecord
  readonly listedFilms?: number
  readonly leadsToForgotten?: true
}

/**
 * What came of a member (`isNew`: one from the members list): itself and, where its name leads to another one, that one, and so on. `isStopped`
 * says that the run ended meanwhile: there is what was read until then.
 *
 * @since 0.1.0
 * @category models
 */
export interface TaskResult {
  readonly username: Username
  readonly isNew: boolean
  readonly members: ReadonlyArray<ReadMember>
  readonly isStopped: boolean
}
