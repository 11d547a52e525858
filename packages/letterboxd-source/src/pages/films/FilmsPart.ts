/**
 * From the verdict on a films page to a part of a member's list. What the rest of the program knows of verdicts is here.
 *
 * @since 0.1.0
 */
import { type ListPart, type MissingExtent, PartContent, type Username } from "@letterboxd-ratings/core"
import { PageVerdict } from "../PageVerdict.ts"
import { errorFromVerdict } from "../VerdictError.ts"

/**
 * The part that page `number` of a member's films is, by the verdict on it. The verdict's name is its label.
 *
 * @since 0.1.0
 * @category constructors
 */
export const partFromVerdict = (
  asked: { readonly source: string; readonly url: string; readonly username: Username; readonly number: number },
  verdict: PageVerdict
): ListPart => {
  const { number, source, url, username } = asked
  const missing = (extent: MissingExtent) => () =>
    PartContent.Missing({
      error: errorFromVerdict({ source, url, subject: `page ${number} of ${username}` }, verdict),
      extent
    })
  return {
    username,
    number,
    place: url,
    label: verdict._tag,
    content: PageVerdict.$match(verdict, {
      Films: ({ films, fullPage, lastPage, stated, unreadable }) =>
        PartContent.Films({ films, lastPart: lastPage, stated, unreadable, fullPart: fullPage }),
      NoFilms: () => PartContent.Empty(),
      PastTheEnd: () => PartContent.PastTheEnd(),
      MemberNotFound: () => PartContent.Gone(),
      MemberPrivate: () => PartContent.Private(),
      Renamed: ({ to }) => PartContent.Renamed({ to }),
      Challenged: missing("source"),
      RateLimited: missing("perhaps-source"),
      Forbidden: missing("part"),
      MarkupChanged: missing("part"),
      Unavailable: missing("part"),
      Truncated: missing("part")
    })
  }
}
