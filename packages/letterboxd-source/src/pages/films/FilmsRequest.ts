/**
 * The request end of a films page.
 *
 * @since 0.1.0
 */
import type { Username } from "@letterboxd-ratings/core"

/**
 * Which list of a member is read: all films watched, or only the rated ones (fewer pages, but nothing to prove
 * completeness by where the page does not state their number).
 *
 * @since 0.1.0
 * @category models
 */
export type FilmsListing = "films" | "rated"

/**
 * The address of page `page` (from 1) of a member's films, in the site's default order. Page 1 has no number in
 * its address. The site's robots.txt allows these addresses.
 *
 * @since 0.1.0
 * @category constructors
 */
export const filmsUrl = (baseUrl: string, username: Username, listing: FilmsListing, page: number): string =>
  `${baseUrl}/${username}/films/${listing === "rated" ? "rated/.5-5/" : ""}${page === 1 ? "" : `page/${page}/`}`
