/**
 * The request end of a members page.
 *
 * @since 0.1.0
 */

/**
 * Which list of popular members is read. The site's robots.txt allows `all` only.
 *
 * @since 0.1.0
 * @category models
 */
export type MembersList = "all" | "this-week" | "this-month" | "this-year"

const paths: Readonly<Record<MembersList, string>> = {
  all: "",
  "this-week": "this/week/",
  "this-month": "this/month/",
  "this-year": "this/year/"
}

/**
 * The address of page `page` (from 1) of a list of popular members, 30 members a page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const membersUrl = (baseUrl: string, list: MembersList, page: number): string =>
  `${baseUrl}/members/popular/${paths[list]}${page === 1 ? "" : `page/${page}/`}`
