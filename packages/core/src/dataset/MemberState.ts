/**
 * What is known of a member's list, and why.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `sealed`: every page was read and the list is proven complete (a member without films too).
 * - `partial`: pages are missing or the list is in doubt; what was read is kept.
 * - `gone`: the site says there is no such member.
 * - `private`: the site says the member's films are not public.
 * - `renamed`: the site sends visitors of this name to another one.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberState = Schema.Literal("sealed", "partial", "gone", "private", "renamed")

/**
 * @since 0.1.0
 * @category models
 */
export type MemberState = typeof MemberState.Type

/**
 * Why a list of which every page was read is not proven complete:
 *
 * - `list-moved`: pages overlap or disagree about their number or counts, so films were added or removed meanwhile.
 * - `short-page`: a page before the last one shows fewer films than the first.
 * - `count-differs`: the page states another number of films than were seen.
 * - `unreadable-tiles`: tiles had no usable id, a name that is no text or an impossible rating.
 * - `ratings-missing`: the list shows fewer ratings than the site's list of the member's rated films, or far fewer than
 *   before, and the list of rated films could not be read.
 * - `another-list`: the member's name leads to a member whose list has little in common with this one's.
 *
 * @since 0.1.0
 * @category models
 */
export const Doubt = Schema.Literal(
  "list-moved",
  "short-page",
  "count-differs",
  "unreadable-tiles",
  "ratings-missing",
  "another-list"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Doubt = typeof Doubt.Type

/**
 * What proves a member's list, where it is not the site's pages as they were read:
 *
 * - `export`: an official export.
 * - `saved-pages`: pages that somebody saved.
 * - `feed`: a feed, which shows the newest entries only.
 * - `none`: a dataset that proves nothing.
 *
 * @since 0.1.0
 * @category models
 */
export const Proof = Schema.Literal("export", "saved-pages", "feed", "none")

/**
 * @since 0.1.0
 * @category models
 */
export type Proof = typeof Proof.Type
