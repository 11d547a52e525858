/**
 * Counts what a run read and committed.
 *
 * @since 0.1.0
 */
import type { Username } from "../domain/Member.ts"
import type { RunReport } from "./RunReport.ts"
import type { Batch, BatchMember, DatasetState } from "../dataset/Batch.ts"
import { membersIn } from "../dataset/Forgotten.ts"
import { differencesOf, noDifferences } from "../dataset/HeldRows.ts"
import type { MemberRecord } from "../dataset/Tables.ts"
import { verdictsOfDisbelieved, whatMemberWaitsFor } from "../dataset/WhatMemberWaitsFor.ts"
import type { ReadMember } from "./ReadMember.ts"

/**
 * `read` notes members that were read, committed or not; `committed` notes a batch and the number of ratings the dataset
 * holds with it; `takeBack` gives what undoes the records of members who were committed as private or gone in this run and
 * are those that `isDisbelieved` names: they are read again later; `isAllTrouble` tells whether members were read, and none of them to the end.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunAccount {
  readonly read: (members: ReadonlyArray<ReadMember>) => void
  readonly committed: (batch: Batch, totalRatings: number) => void
  readonly takeBack: (isDisbelieved: (username: Username) => boolean) => ReadonlyArray<BatchMember>
  readonly isAllTrouble: () => boolean
  readonly report: () => Pick<
    RunReport,
    | "members"
    | "readAgain"
    | "partial"
    | "waiting"
    | "batches"
    | "ratings"
    | "newFilms"
    | "changedFilms"
    | "totalUsers"
    | "totalRatings"
  >
}

/**
 * The account of a run over the dataset as it was opened.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeRunAccount = (state: DatasetState): RunAccount => {
  const members = { sealed: 0, partial: 0, gone: 0, private: 0, renamed: 0 }
  const partial: Array<RunReport["partial"][number]> = []
  const waiting = new Map<Username, MemberRecord>()
  for (const record of state.members.values()) if (record.state === "partial") waiting.set(record.username, record)
  const readAgain = { members: 0, added: 0, changed: 0, removed: 0 }
  let batches = 0
  let ratings = 0
  let newFilms = 0
  let changedFilms = 0
  let totalUsers = membersIn(state)
  let totalRatings = state.ratings

  const absent = new Map<Username, MemberRecord>()
  const onCommitted = ({ held, isNew, ratings: rows, record, write }: BatchMember) => {
    ratings += rows.length
    if (held !== undefined) {
      const { added, changed, removed } =
        write === "append" ? { ...noDifferences, added: rows.length } : differencesOf(held, { ratings: rows })
      readAgain.members += 1
      readAgain.added += added
      readAgain.changed += changed
      readAgain.removed += removed
    }
    if (isNew) totalUsers += 1
    if (record.state === "gone" || record.state === "private") absent.set(record.username, record)
    else absent.delete(record.username)
    if (record.state === "partial") waiting.set(record.username, record)
    else waiting.delete(record.username)
  }

  return {
    read: (read) => {
      for (const {
        reading: { doubts, lastPart, missing, state: memberState, username }
      } of read) {
        members[memberState] += 1
        if (memberState === "partial") partial.push({ username, missing, lastPage: lastPart, doubts })
      }
    },
    committed: (batch, total) => {
      batches += 1
      totalRatings = total
      newFilms += batch.newFilms.length
      changedFilms += batch.changedFilms.length
      batch.members.forEach(onCommitted)
    },
    takeBack: (isDisbelieved) =>
      [...absent.values()]
        .filter(({ username }) => isDisbelieved(username))
        .map((record) => ({
          record: { ...record, state: "partial", missing: [1], verdicts: verdictsOfDisbelieved },
          isNew: false,
          write: "append",
          ratings: []
        })),
    isAllTrouble: () => members.partial > 0 && members.sealed + members.gone + members.private + members.renamed === 0,
    report: () => {
      const waitFor = { refused: 0, "not-understood": 0, pages: 0, doubts: 0 }
      for (const record of waiting.values()) waitFor[whatMemberWaitsFor(record) ?? "doubts"] += 1
      return {
        members,
        readAgain,
        partial,
        waiting: waitFor,
        batches,
        ratings,
        newFilms,
        changedFilms,
        totalUsers,
        totalRatings
      }
    }
  }
}
