/**
 * The parts of a member's list: parts with their evidence, missing parts, or a fact about the member.
 *
 * @since 0.1.0
 */
import { Data } from "effect"
import type { Username } from "../domain/Member.ts"
import type { SourceError } from "./SourceError.ts"
import type { WatchedFilm } from "../dataset/Tables.ts"

/**
 * The content of a part of a member's list:
 *
 * - `Films`: films of the list, in its order. `lastPart` is the number of parts of the list, `stated` the numbers of films
 *   that the source states, `unreadable` the number of films of this part that could not be read, `fullPart` the
 *   minimum number of films in a part before the last one.
 * - `PastTheEnd`: the list has fewer parts by now.
 * - `Missing`: the part could not be read. `error` has the reason (see `missingReason`), `extent` what else is affected;
 *   without it, only this part.
 * - `Empty`, `Gone`, `Private`, `Renamed`: facts about the member, in part 1. `Empty` means that the source itself states
 *   that the member has no films; it is never concluded from films that were not found.
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
 * Creates, distinguishes and matches the contents of parts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const PartContent = Data.taggedEnum<PartContent>()

/**
 * So many parts a list has at most. So many pages of the site would show 720,000 films; a member with 182 was seen.
 *
 * @since 0.1.0
 * @category models
 */
export const mostParts = 10_000

/**
 * A part with films.
 *
 * @since 0.1.0
 * @category models
 */
export type FilmsContent = Extract<PartContent, { readonly _tag: "Films" }>

/**
 * The numbers of films that a source states with the list: all watched films, and all rated films.
 *
 * @since 0.1.0
 * @category models
 */
export interface StatedCounts {
  readonly films?: number
  readonly rated?: number
}

/**
 * What a missing part means for other parts:
 *
 * - `part`: nothing. The run stops only if several members in a row have such parts.
 * - `perhaps-source`: the source may refuse everything. The run requests the members list at once to find out.
 * - `source`: the source refuses everything. The run stops.
 *
 * @since 0.1.0
 * @category models
 */
export type MissingExtent = "part" | "perhaps-source" | "source"

/**
 * A part of a member's list, about a page. `number` counts from 1. `place` is where the part comes from (a URL, a file), for
 * messages. `label` is the source's own name for the result; it is shown in events and counted in the member's record.
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
 * The label of a part: that of the source, or else the tag of the content or the reason of the error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const labelOf = ({ content, label }: ListPart): string =>
  label ?? (content._tag === "Missing" ? content.error.reasonLabel : content._tag)

/**
 * Why a part is missing: it was refused, it was not understood, or reading it failed for a temporary reason.
 *
 * @since 0.1.0
 * @category models
 */
export type MissingReason = "refused" | "not-understood" | "unavailable"

/**
 * Why a part is missing, according to its error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const missingReason = ({ reason }: SourceError): MissingReason =>
  reason === "Refused" ? "refused" : reason === "NotUnderstood" ? "not-understood" : "unavailable"
