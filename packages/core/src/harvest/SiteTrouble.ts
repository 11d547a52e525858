/**
 * Tells the trouble of one member's pages from trouble of the whole site. One odd page is that member's; the run goes on
 * without it. When several members in a row show the same trouble, it is the site's, and the run stops.
 *
 * @since 0.1.0
 */
import { Effect, Ref, Stream } from "effect"
import type { Username } from "../Member.ts"
import { type RatingsPage, verdictActions } from "../PageVerdict.ts"
import type { RatingsSource } from "../RatingsSource.ts"
import { SourceError } from "../SourceError.ts"
import { errorFromVerdict } from "../VerdictError.ts"

/** So many requests in a row may fail for good before the run asks whether the site answers at all. */
const failuresBeforeProbe = 3

/** So many members in a row whose pages are refused or not understood mean the site. */
const membersThatMeanTheSite = 3

/**
 * So many members of the members list in a row who are said to be private, or not to be there, are not believed: it is
 * the site that answers everybody so. Popular members are neither, but for a few.
 */
const absentThatMeanTheSite = 5

/**
 * What kind of page shows the trouble. The site may answer first pages and refuse later ones, or show lists without
 * ratings: a good first page says nothing about those.
 */
type Where = "first page" | "later page" | "ratings"

/**
 * - `onPage` is told of each page. It fails when the site as a whole cannot be read.
 * - `onRatings` is told whether a member's ratings, asked for in a second way, were on its list.
 * - `first` is the first trouble with a member's pages, if there was any.
 * - `isDisbelieved` tells whether a member is one of those whom the site called private or missing in a row with too many
 *   others.
 *
 * @since 0.1.0
 * @category models
 */
export interface SiteTrouble {
  readonly onPage: (page: RatingsPage) => Effect.Effect<void, SourceError>
  readonly onRatings: (username: Username, missing: string | undefined) => Effect.Effect<void, SourceError>
  readonly first: Effect.Effect<SourceError | undefined>
  readonly isDisbelieved: (username: Username) => boolean
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (source: Pick<typeof RatingsSource.Service, "members" | "name">): Effect.Effect<SiteTrouble> =>
  Effect.gen(function* () {
    const failures = yield* Ref.make(0)
    const oneProbe = yield* Effect.makeSemaphore(1)
    const inARow: Record<Where, Map<Username, SourceError>> = {
      "first page": new Map(),
      "later page": new Map(),
      ratings: new Map()
    }
    let firstTrouble: SourceError | undefined

    // One member whose pages all fail is that member's trouble; a site that does not even show its first members
    // page is everybody's.
    const probe = oneProbe.withPermits(1)(
      Effect.gen(function* () {
        if ((yield* Ref.get(failures)) < failuresBeforeProbe) return
        yield* source.members.pipe(Stream.take(1), Stream.runDrain)
        yield* Ref.set(failures, 0)
      })
    )

    const suspect = (where: Where, username: Username, error: SourceError): Effect.Effect<void, SourceError> =>
      Effect.suspend(() => {
        firstTrouble ??= error
        const members = inARow[where].set(username, error)
        return members.size < membersThatMeanTheSite
          ? Effect.void
          : new SourceError({ ...error, detail: `${error.detail}. It was so for ${members.size} members in a row` })
      })

    const absent = new Set<Username>()
    let isSiteToBlame = false
    /** Notes what the site says of a member on page 1; fails when it says of too many that there is nothing to see. */
    const noteAbsence = ({ number, url, username, verdict }: RatingsPage): Effect.Effect<void, SourceError> =>
      Effect.suspend(() => {
        if (isSiteToBlame) return Effect.void
        if (verdict._tag === "Films" || verdict._tag === "NoFilms") absent.clear()
        if (number !== 1 || (verdict._tag !== "MemberPrivate" && verdict._tag !== "MemberNotFound")) return Effect.void
        absent.add(username)
        if (absent.size < absentThatMeanTheSite) return Effect.void
        isSiteToBlame = true
        return new SourceError({
          reason: "Challenged",
          source: source.name,
          url,
          detail: `The site says of ${absent.size} members in a row that they are private or not there, which is not believed`
        })
      })

    const sound = (where: Where) => inARow[where].clear()

    return {
      onPage: (page) => {
        const { number, username, verdict } = page
        const where = number === 1 ? "first page" : "later page"
        const error = () =>
          errorFromVerdict({ source: source.name, url: page.url, subject: `page ${number} of ${username}` }, verdict)
        switch (verdictActions[verdict._tag]) {
          case "stop":
            return Effect.suspend(() => Effect.fail(error()))
          case "suspect":
            return Effect.suspend(() => suspect(where, username, error()))
          case "keep":
          case "member":
            return Effect.suspend(() => {
              sound(where)
              return Effect.zipRight(Ref.set(failures, 0), noteAbsence(page))
            })
          case "retry-later":
            // "Too many requests" after all repetitions is said to the whole run, not to this page.
            return Ref.updateAndGet(
              failures,
              (n) => n + (verdict._tag === "RateLimited" ? failuresBeforeProbe : 1)
            ).pipe(Effect.flatMap((n) => (n >= failuresBeforeProbe ? probe : Effect.void)))
        }
      },
      onRatings: (username, missing) =>
        missing === undefined
          ? Effect.sync(() => sound("ratings"))
          : suspect(
              "ratings",
              username,
              new SourceError({ reason: "MarkupChanged", source: source.name, detail: missing })
            ),
      first: Effect.sync(() => firstTrouble),
      isDisbelieved: (username) => isSiteToBlame && absent.has(username)
    }
  })
