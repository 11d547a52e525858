/**
 * The state of a member's list.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `sealed`: every page was read and the list is proven complete (also for a member without films).
 * - `partial`: pages are missing or the list is in doubt; what was read is kept.
 * - `gone`: according to the site, the member does not exist.
 * - `private`: according to the site, the member's films are not public.
 * - `renamed`: the site redirects this name to another one.
 * - `unproven`: the ratings come from a dataset that proves nothing.
 * - `forgotten`: the member asked to be left out. Nothing is held but an id and a keyed hash of the name.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberState = Schema.Literal("sealed", "partial", "gone", "private", "renamed", "unproven", "forgotten")

/**
 * @since 0.1.0
 * @category models
 */
export type MemberState = typeof MemberState.Type

/**
 * Why a list is not proven complete although every page was read:
 *
 * - `list-moved`: pages overlap or disagree about their number or counts, so films were added or removed meanwhile.
 * - `short-page`: a page before the last one shows fewer films than the first.
 * - `count-differs`: the page states a different number of films than were seen.
 * - `unreadable-tiles`: tiles had no usable id, an invalid name or an impossible rating.
 * - `ratings-missing`: the list shows fewer ratings than the site's list of the member's rated films, or far fewer than
 *   before, and the list of rated films could not be read.
 * - `another-list`: the member's name now belongs to a member with a very different list.
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
 * What proves a member's list, if it is not the site's pages:
 *
 * - `export`: an official export.
 * - `saved-pages`: saved pages.
 * - `feed`: a feed, which only shows the newest entries.
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
