/**
 * The response end of a member's feed.
 *
 * @since 0.1.0
 */
import { Data, Option } from "effect"
import type { PageResponse } from "../PageResponse.ts"
import { PageVerdict } from "../PageVerdict.ts"
import { judgeRefusal } from "../Refusal.ts"

/**
 * A member's feed as text, which has to be read yet, or the verdict that any page of the site can get.
 *
 * @since 0.1.0
 * @category models
 */
export type FeedVerdict = Data.TaggedEnum<{
  Feed: { readonly text: string }
  Refused: { readonly verdict: PageVerdict }
}>

/**
 * Creates, distinguishes and matches verdicts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const FeedVerdict = Data.taggedEnum<FeedVerdict>()

/**
 * Judges the response to a request for a feed. Pure.
 *
 * @since 0.1.0
 * @category constructors
 */
export const judgeFeedResponse = (response: PageResponse): FeedVerdict => {
  const isFeed = /^\s*(?:<\?xml\b[^>]{0,200}>\s*)?<rss\b/u.test(response.body)
  const refusal = judgeRefusal(response, isFeed)
  if (Option.isSome(refusal)) return FeedVerdict.Refused({ verdict: refusal.value })
  if (!isFeed) {
    const evidence = `the answer begins with ${JSON.stringify(response.body.slice(0, 60))}`
    return FeedVerdict.Refused({ verdict: PageVerdict.MarkupChanged({ selector: "rss element", evidence }) })
  }
  return /<\/rss\s{0,100}>\s*$/u.test(response.body)
    ? FeedVerdict.Feed({ text: response.body })
    : FeedVerdict.Refused({ verdict: PageVerdict.Truncated({ bytes: response.body.length }) })
}
