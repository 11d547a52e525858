/**
 * The request end of a member's feed.
 *
 * @since 0.1.0
 */
import type { Username } from "@letterboxd-ratings/core"

/**
 * The address of a member's feed. The site's robots.txt allows it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const feedUrl = (baseUrl: string, username: Username): string => `${baseUrl}/${username}/rss/`
