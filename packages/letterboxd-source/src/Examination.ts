/**
 * Looks at the site step by step, and says in words what is there: what `lb doctor` shows.
 *
 * @since 0.1.0
 */
import type { SourceError, Username } from "@letterboxd-ratings/core"
import { Clock, Effect, Either, Option, Stream } from "effect"
import type { LetterboxdSourceOptions } from "./LetterboxdSource.ts"
import * as PageReader from "./PageReader.ts"
import { parseFilmsPage } from "./pages/films/FilmsPage.ts"
import { filmsUrl } from "./pages/films/FilmsRequest.ts"
import { judgeFilmsResponse } from "./pages/films/FilmsVerdict.ts"
import { membersUrl } from "./pages/members/MembersRequest.ts"
import { judgeMembersResponse } from "./pages/members/MembersVerdict.ts"
import type { PageResponse } from "./pages/PageResponse.ts"
import { PageVerdict } from "./pages/PageVerdict.ts"
import { errorFromVerdict } from "./pages/VerdictError.ts"
import { siteError } from "./SiteError.ts"
import type { HttpPolicy } from "./transport/HttpPolicy.ts"

/**
 * What one step found, a sentence each. `error` says why the step failed and what can be done.
 *
 * @since 0.1.0
 * @category models
 */
export interface Finding {
  readonly step: "robots.txt" | "members page" | "films page" | "second films page"
  readonly url: string
  readonly found: ReadonlyArray<string>
  readonly error?: SourceError
}

/**
 * Examines the site: its robots.txt, the first members page, the first films page of `username` (of the first member
 * of the list where none is named), and the second one where there is one, because some visitors are refused from there
 * on. At most four requests besides repetitions. Ends early where nothing more can be asked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const examine = (
  options: LetterboxdSourceOptions,
  username?: Username
): Stream.Stream<Finding, never, HttpPolicy> =>
  Stream.unwrap(
    Effect.map(PageReader.make(options), (reader) => {
      const members = membersUrl(options.baseUrl, options.membersList, 1)

      const robots: Effect.Effect<Finding> = reader.robots.check(members).pipe(
        Effect.as({
          found:
            options.robots === "obey"
              ? ["allows the members list"]
              : ["allows the members list, and is not kept to in any case"]
        }),
        Effect.catchAll((error) =>
          Effect.succeed(
            options.robots === "obey" ? { found: [], error } : { found: [`${error.detail}; it is not kept to`] }
          )
        ),
        Effect.map((outcome) => ({
          step: "robots.txt" as const,
          url: new URL("/robots.txt", options.baseUrl).href,
          ...outcome
        }))
      )

      const look = <F extends Omit<Finding, "step" | "url">>(
        url: string,
        onAnswer: (response: PageResponse) => Effect.Effect<F>,
        onFailure: (error: SourceError) => F,
        subject: string
      ): Effect.Effect<F> =>
        Effect.gen(function* () {
          const started = yield* Clock.currentTimeMillis
          const answer = yield* Effect.either(reader.ask(url))
          if (Either.isLeft(answer)) return onFailure(answer.left)
          if (Either.isLeft(answer.right))
            return onFailure(errorFromVerdict({ source: options.name, url, subject }, answer.right.left))
          const response = answer.right.right
          const found = yield* onAnswer(response)
          return { ...found, found: [transportWords(response, response.now - started), ...found.found] }
        })

      const readMembers = look<Omit<Finding, "step" | "url"> & { readonly first: Option.Option<Username> }>(
        members,
        (response) => {
          const judged = judgeMembersResponse(response)
          switch (judged._tag) {
            case "Members":
              return Effect.succeed({
                found: [
                  `verdict: Members`,
                  `td.table-person: ${judged.members.length} members, from ${judged.members[0]?.username} on; a next page: ${judged.hasNext ? "yes" : "no"}`,
                  `number of films stated for ${judged.members.filter(({ films }) => films !== undefined).length} of them`
                ],
                first: Option.fromNullable(judged.members[0]?.username)
              })
            case "PastTheEnd":
              return Effect.succeed({
                found: ["verdict: PastTheEnd"],
                error: errorFromVerdict(
                  { source: options.name, url: members, subject: "page 1 of the members list" },
                  PageVerdict.PastTheEnd()
                ),
                first: Option.none()
              })
            case "Refused":
              return Effect.map(reader.keep("page 1 of the members list", response, judged.verdict), (verdict) => ({
                found: [`verdict: ${verdict._tag}`],
                error: errorFromVerdict(
                  { source: options.name, url: members, subject: "page 1 of the members list" },
                  verdict
                ),
                first: Option.none()
              }))
          }
        },
        (error) => ({ found: [], error, first: Option.none() }),
        "page 1 of the members list"
      )

      const readFilms = (of: Username, page: number) => {
        const url = filmsUrl(options.baseUrl, of, options.listing, page)
        const subject = `page ${page} of ${of}`
        return look<Omit<Finding, "step" | "url"> & { readonly lastPage: number }>(
          url,
          (response) =>
            Effect.map(
              reader.keep(
                subject,
                response,
                judgeFilmsResponse({ username: of, page, listing: options.listing }, response)
              ),
              (verdict) => {
                const found = [`verdict: ${verdict._tag}`, ...selectorWords(response)]
                switch (verdict._tag) {
                  case "Films":
                    return {
                      found: [
                        ...found,
                        `${verdict.films.length} films, ${verdict.films.filter(({ rating }) => rating !== undefined).length} of them rated, ${verdict.unreadable} unreadable; last page ${verdict.lastPage}; films stated: ${verdict.stated.films ?? "no"}`
                      ],
                      lastPage: verdict.lastPage
                    }
                  case "NoFilms":
                    return { found: [...found, `${of} has no films; name a member who has some`], lastPage: 0 }
                  case "MemberNotFound":
                  case "MemberPrivate":
                  case "Renamed":
                    return {
                      found,
                      error: siteError({
                        reason: "InvalidOption",
                        source: options.name,
                        url,
                        detail: unfit[verdict._tag](of),
                        advice: anotherMember
                      }),
                      lastPage: 0
                    }
                  default:
                    return {
                      found,
                      error: errorFromVerdict({ source: options.name, url, subject }, verdict),
                      lastPage: 0
                    }
                }
              }
            ),
          (error) => ({ found: [], error, lastPage: 0 }),
          subject
        ).pipe(Effect.map((outcome) => ({ ...outcome, url })))
      }

      const secondFilmsPage = (of: Username): Stage =>
        Effect.map(
          readFilms(of, 2),
          ({ lastPage: _, ...outcome }) => [{ step: "second films page", ...outcome }, Option.none()] as const
        )

      const filmsPage = (of: Username): Stage =>
        Effect.map(
          readFilms(of, 1),
          ({ lastPage, ...outcome }) =>
            [
              { step: "films page", ...outcome },
              lastPage > 1 ? Option.some(secondFilmsPage(of)) : Option.none()
            ] as const
        )

      const membersPage: Stage = Effect.map(
        readMembers,
        ({ first, ...outcome }) =>
          [
            { step: "members page", url: members, ...outcome },
            Option.map(
              Option.orElse(Option.fromNullable(username), () => first),
              filmsPage
            )
          ] as const
      )

      const rules: Stage = Effect.map(
        robots,
        (finding) =>
          [
            finding,
            finding.error === undefined || finding.error.reason === "NotAllowed"
              ? Option.some(membersPage)
              : Option.none()
          ] as const
      )

      return Stream.paginateEffect(rules, (stage) => stage)
    })
  )

/** A step of the examination: what it found, and the step that follows from that. */
interface Stage extends Effect.Effect<readonly [Finding, Option.Option<Stage>]> {}

const anotherMember = "Name another member, or check the name."

const unfit = {
  MemberNotFound: (username: Username) => `The site knows no member called ${username}`,
  MemberPrivate: (username: Username) => `The films of ${username} are private, so nothing can be told by them`,
  Renamed: (username: Username) => `${username} has another name now`
} as const

const transportWords = ({ body, headers, status }: PageResponse, millis: number): string =>
  `transport: status ${status} in ${Math.round(millis)} ms, ${Math.ceil(body.length / 1000)} kB${
    headers["content-type"] === undefined ? "" : ` of ${headers["content-type"]}`
  }`

/** What the anchors of a films page show, one by one. */
const selectorWords = ({ body, status }: PageResponse): ReadonlyArray<string> => {
  if (status !== 200) return []
  const page = parseFilmsPage(body)
  const there = (is: boolean) => (is ? "found" : "not found")
  return [
    `body.films-watched[data-owner]: ${there(page.bodyClasses.includes("films-watched") && page.owner !== undefined)}`,
    `li.griditem, li.poster-container: ${page.tiles}`,
    `.pagination: ${there(page.hasPaging)}${page.pageNumbers.length === 0 ? "" : `, up to page ${Math.max(...page.pageNumbers)}`}`,
    ...page.unreadable.slice(0, 3).map((why) => `unreadable: ${why}`)
  ]
}
