/**
 * Letterboxd's pages as a source of ratings: the live site, or anything that serves the same pages.
 *
 * @since 0.1.0
 * @module
 */
import {
  type ListPart,
  type MemberListing,
  type RatedFilms,
  RatingsSource,
  type SourceError,
  type Username
} from "@letterboxd-ratings/core"
import { Array, Chunk, type Context, Effect, Either, Exit, Layer, Option, Queue, Stream, Take } from "effect"
import { examine } from "./Examination.ts"
import { partFromVerdict } from "./pages/films/FilmsPart.ts"
import { type FilmsListing, filmsUrl } from "./pages/films/FilmsRequest.ts"
import { countRatedFilms, judgeFilmsResponse, pagingNotRecognised } from "./pages/films/FilmsVerdict.ts"
import type { PageResponse } from "./pages/PageResponse.ts"
import { type MembersList, membersUrl } from "./pages/members/MembersRequest.ts"
import { judgeMembersResponse, MembersVerdict } from "./pages/members/MembersVerdict.ts"
import { PageVerdict } from "./pages/PageVerdict.ts"
import { errorFromVerdict } from "./pages/VerdictError.ts"
import * as PageReader from "./PageReader.ts"
import { textsOf } from "./SiteError.ts"
import { liveSite as siteByDefault } from "./Defaults.ts"
import { defaults as policy, HttpPolicy } from "./transport/HttpPolicy.ts"

/**
 * - `name`: the name of this source in reports.
 * - `baseUrl`: the URL of the site, without a trailing slash.
 * - `listing`, `membersList`: which lists to read.
 * - `pagesInFlight`: how many pages of one member to request at the same time, at least 1. The policy limits the total.
 * - `robots`: whether to obey the site's robots.txt. The first word of `userAgent` is the name that its rules are read for.
 *
 * @since 0.1.0
 * @category models
 */
export interface LetterboxdSourceOptions {
  readonly name: string
  readonly baseUrl: string
  readonly listing: FilmsListing
  readonly membersList: MembersList
  readonly pagesInFlight: number
  readonly robots: "obey" | "ignore"
  readonly userAgent: string
}

/**
 * The site itself.
 *
 * @since 0.1.0
 * @category models
 */
export const liveSite = siteByDefault

/**
 * The live site, all films, the list of popular members that robots.txt allows.
 *
 * @since 0.1.0
 * @category models
 */
export const defaults: LetterboxdSourceOptions = {
  name: "letterboxd",
  baseUrl: liveSite,
  listing: "films",
  membersList: "all",
  pagesInFlight: policy.concurrency,
  robots: "obey",
  userAgent: policy.userAgent
}

/**
 * Reads members and films pages with the `HttpPolicy` in context. Costs one request
 * for every 30 members and P for a member with P pages, besides one for robots.txt; repetitions come on top.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: LetterboxdSourceOptions
): Effect.Effect<Context.Tag.Service<RatingsSource>, never, HttpPolicy> =>
  Effect.gen(function* () {
    const http = yield* HttpPolicy
    const { ask, keep, keepPage } = yield* PageReader.make(options)
    // Requests wait for their turn in the policy, with all it takes to send them in memory. Twice as many as may be
    // under way keep it busy; the rest wait here, where waiting costs little.
    const gate = yield* Effect.makeSemaphore(options.pagesInFlight * 2)

    // The list may be read more than once; a row that names nobody is told once.
    const unreadRows = new Map<number, number>()
    const noteUnread = (page: number, subject: string, response: PageResponse, rows: ReadonlyArray<string>) =>
      Effect.suspend(() => {
        const before = unreadRows.get(page) ?? 0
        if (rows.length <= before) return Effect.void
        unreadRows.set(page, rows.length)
        return Effect.asVoid(keepPage(subject, response, "Members", rows.join("; ")))
      })

    const readMembersPage = (page: number) => {
      const url = membersUrl(options.baseUrl, options.membersList, page)
      const asked = { source: options.name, url, subject: `page ${page} of the members list` }
      return ask(url).pipe(
        Effect.flatMap((answer): Effect.Effect<MembersVerdict> => {
          if (Either.isLeft(answer)) return Effect.succeed(MembersVerdict.Refused({ verdict: answer.left }))
          const judged = judgeMembersResponse(answer.right)
          if (judged._tag === "Members")
            return Effect.as(noteUnread(page, asked.subject, answer.right, judged.unreadable), judged)
          return judged._tag === "Refused"
            ? Effect.map(keep(asked.subject, answer.right, judged.verdict), (verdict) =>
                MembersVerdict.Refused({ verdict })
              )
            : Effect.succeed(judged)
        }),
        Effect.flatMap(
          MembersVerdict.$match({
            Members: ({ hasNext, members }) =>
              Effect.succeed([
                Chunk.fromIterable(members),
                hasNext ? Option.some(page + 1) : Option.none<number>()
              ] as const),
            PastTheEnd: () => Effect.succeed([Chunk.empty<MemberListing>(), Option.none<number>()] as const),
            Refused: ({ verdict }) => Effect.fail(errorFromVerdict(asked, verdict))
          })
        )
      )
    }

    const readFilmsPage = (username: Username, number: number): Effect.Effect<ListPart, SourceError> => {
      const url = filmsUrl(options.baseUrl, username, options.listing, number)
      const asked = { username, page: number, listing: options.listing }
      return gate
        .withPermits(1)(
          Effect.flatMap(
            ask(url),
            Either.match({
              onLeft: Effect.succeed,
              onRight: (response) => {
                const verdict = judgeFilmsResponse(asked, response)
                return Effect.flatMap(
                  number > 1 && (verdict._tag === "Forbidden" || verdict._tag === "MemberPrivate")
                    ? explainRefusal(username, number, verdict)
                    : verdict._tag === "Films" && verdict.isEndUnproven === true
                      ? proveEnd(username, number, verdict)
                      : Effect.succeed(verdict),
                  (explained) => keep(`page ${number} of ${username}`, response, explained)
                )
              }
            })
          )
        )
        .pipe(Effect.map((verdict) => partFromVerdict({ source: options.name, url, username, number }, verdict)))
    }

    // Some answer 403 to a page after the last one, as they do to whom they do not want. The first page knows, and it
    // knows whether the member is private.
    const explainRefusal = (
      username: Username,
      number: number,
      refusal: PageVerdict
    ): Effect.Effect<PageVerdict, SourceError> =>
      Effect.map(ask(filmsUrl(options.baseUrl, username, options.listing, 1)), (answer) => {
        if (Either.isLeft(answer)) return refusal
        const first = judgeFilmsResponse({ username, page: 1, listing: options.listing }, answer.right)
        if (first._tag === "NoFilms" || (first._tag === "Films" && first.lastPage < number))
          return PageVerdict.PastTheEnd()
        return first._tag === "Films" && refusal._tag === "MemberPrivate"
          ? PageVerdict.Forbidden({ status: 403, why: "page 1 of the member is public" })
          : refusal
      })

    /** Asks for the page after a full one that names no other, and believes the list's end where there is none. */
    const proveEnd = (
      username: Username,
      number: number,
      verdict: PageVerdict
    ): Effect.Effect<PageVerdict, SourceError> =>
      Effect.map(ask(filmsUrl(options.baseUrl, username, options.listing, number + 1)), (answer) => {
        if (Either.isLeft(answer)) return answer.left
        const next = judgeFilmsResponse({ username, page: number + 1, listing: options.listing }, answer.right)
        if (next._tag === "PastTheEnd" || next._tag === "NoFilms") return verdict
        return next._tag === "Films" ? pagingNotRecognised() : next
      })

    const ratedFilms = (username: Username): Effect.Effect<Option.Option<RatedFilms>, SourceError> =>
      options.listing === "rated"
        ? Effect.succeedNone
        : gate.withPermits(1)(
            Effect.map(ask(filmsUrl(options.baseUrl, username, "rated", 1)), (answer) =>
              Option.flatMap(Either.getRight(answer), (response) => countRatedFilms(username, response))
            )
          )

    /** Pages in the order in which they come. A stream that asks for several at once takes seven times as many effects. */
    const readFilmsPages = (username: Username, numbers: Iterable<number>) =>
      Stream.unwrapScoped(
        Effect.gen(function* () {
          const parts = yield* Queue.unbounded<Take.Take<ListPart, SourceError>>()
          yield* Effect.forEach(
            numbers,
            (number) => Effect.flatMap(readFilmsPage(username, number), (part) => Queue.offer(parts, Take.of(part))),
            { concurrency: options.pagesInFlight, discard: true }
          ).pipe(
            Effect.onExit((exit) =>
              Queue.offer(parts, Exit.match(exit, { onFailure: Take.failCause, onSuccess: () => Take.end }))
            ),
            Effect.forkScoped
          )
          return Stream.flattenTake(Stream.fromQueue(parts))
        })
      )

    return {
      name: options.name,
      // The members list states how many films were watched, which a list of rated films need not show.
      members: Stream.map(Stream.paginateChunkEffect(1, readMembersPage), (listing) =>
        options.listing === "rated" ? { username: listing.username } : listing
      ),
      list: (username, pages) =>
        pages === "all"
          ? Stream.unwrap(
              Effect.map(readFilmsPage(username, 1), (first) =>
                first.content._tag === "Films" && first.content.lastPart > 1
                  ? Stream.concat(Stream.make(first), readFilmsPages(username, Array.range(2, first.content.lastPart)))
                  : Stream.make(first)
              )
            )
          : readFilmsPages(username, pages),
      ratedFilms,
      activity: Effect.map(http.activity, (soFar) => ({
        ...soFar,
        unreadListings: [...unreadRows.values()].reduce((sum, rows) => sum + rows, 0)
      })),
      reasonTexts: { Refused: textsOf("Challenged"), NotUnderstood: textsOf("MarkupChanged") },
      examine: (username) =>
        examine(options, username).pipe(
          Stream.map(({ url, ...finding }) => ({ ...finding, place: url })),
          Stream.provideService(HttpPolicy, http)
        )
    }
  })

/**
 * The site as the source of a program, over an `HttpPolicy`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: LetterboxdSourceOptions): Layer.Layer<RatingsSource, never, HttpPolicy> =>
  Layer.effect(RatingsSource, make(options))
