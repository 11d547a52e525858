/**
 * What a source gives of a member's list: parts with their evidence, parts that are missing, or a fact about the member.
 *
 * @since 0.1.0
 */
import { Data } from "effect"
import type { Username } from "../domain/Member.ts"
import type { SourceError } from "./SourceError.ts"
import type { WatchedFilm } from "../dataset/Tables.ts"

/**
 * What is in a part of a member's list:
 *
 * - `Films`: films of the list, in its order. `lastPart` is the number of parts the list has, `stated` the numbers of
 *   films that the source states, `unreadable` how many films of this part could not be read. `fullPart` is how many
 *   films a part before the last one holds at least.
 * - `PastTheEnd`: the list has fewer parts by now.
 * - `Missing`: the part could not be had. The reason of `error` says why (see `missingReason`), `extent` what else
 *   that concerns; without it, only this part.
 * - `Empty`, `Gone`, `Private`, `Renamed`: facts about the member, told in part 1. The source says itself that the member
 *   has no films; nothing is concluded from films that were not found.
 *
 * @since 0.1.0
 * @category models
 */
export type PartContent = Data.TaggedEnum<{
  Films: {
    readonly films: ReadonlyArray<WatchedFilm>
    readonly lastPart: number
    readonly stated: StatedCounts
    readonly unreadable: number
    readonly fullPart: number
  }
  PastTheEnd: {}
  Missing: { readonly error: SourceError; readonly extent?: MissingExtent }
  Empty: {}
  Gone: {}
  Private: {}
  Renamed: { readonly to: Username }
}>

/**
 * Makes, tells apart and matches the contents of parts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const PartContent = Data.taggedEnum<PartContent>()

/**
 * A part with films.
 *
 * @since 0.1.0
 * @category models
 */
export type FilmsContent = Extract<PartContent, { readonly _tag: "Films" }>

/**
 * The numbers of films that a source states beside the list: all that were watched, and those that are rated.
 *
 * @since 0.1.0
 * @category models
 */
export interface StatedCounts {
  readonly films?: number
  readonly rated?: number
}

/**
 * What a missing part says about others:
 *
 * - `part`: nothing. The run takes it for the trouble of the whole source only where several members in a row have it.
 * - `perhaps-source`: the source may refuse everything. The run asks the members list at once whether it does.
 * - `source`: the source refuses everything. The run stops.
 *
 * @since 0.1.0
 * @category models
 */
export type MissingExtent = "part" | "perhaps-source" | "source"

/**
 * A part of a member's list: about a page of it, the unit of progress. `number` counts from 1. `place` is where the
 * part comes from (an address, a file), for messages. `label` is the source's own name for what came of the part: it is
 * shown in events and counted in the member's record.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListPart {
  readonly username: Username
  readonly number: number
  readonly place: string
  readonly label?: string
  readonly content: PartContent
}

/**
 * The label of a part. Without one of the source's own, it is the tag of the content or the reason of the error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const labelOf = ({ content, label }: ListPart): string =>
  label ?? (content._tag === "Missing" ? content.error.reasonLabel : content._tag)

/**
 * Why a part is missing: it was refused, it was not understood, or it could not be had for a reason that passes.
 *
 * @since 0.1.0
 * @category models
 */
export type MissingReason = "refused" | "not-understood" | "unavailable"

/**
 * Why a part is missing, by the error that says so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const missingReason = ({ reason }: SourceError): MissingReason =>
  reason === "Refused" ? "refused" : reason === "NotUnderstood" ? "not-understood" : "unavailable"
