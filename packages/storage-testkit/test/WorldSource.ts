/**
 * The world itself as a source: the reference for what a source does.
 */
import {
  type MemberListing,
  PageVerdict,
  type RatingsPage,
  RatingsSource,
  SourceError,
  type Username
} from "@letterboxd-ratings/core"
import type { Outage, SourceWorld } from "@letterboxd-ratings/storage-testkit"
import { Chunk, type Context, Effect, Layer, Option, Stream } from "effect"

export const membersPerPage = 30

/**
 * - `liberties`: takes every freedom a source has. Pages come last one first, the members list shows the last member of
 *   a page again on the next, and nothing is told that need not be.
 * - `offline`: like an export on the disk, it sends no requests and has the members list in one piece.
 */
export interface WorldSourceOptions {
  readonly offline?: boolean
  readonly liberties?: boolean
  readonly outage?: Outage
}

export const make = (
  world: SourceWorld,
  { liberties = false, offline = false, outage }: WorldSourceOptions = {}
): Context.Tag.Service<RatingsSource> => {
  let requests = 0
  const perPage = offline ? world.members.length : membersPerPage
  const request = Effect.suspend(() => {
    if (!offline) requests += 1
    return Effect.yieldNow()
  })
  const members = new Map(world.members.map((member) => [member.username, member]))
  for (const member of world.members) {
    if (typeof member.state === "object")
      members.set(member.state.renamedTo, { ...member, username: member.state.renamedTo, state: "public" })
  }

  const listing = ({ films, username }: SourceWorld["members"][number]): MemberListing =>
    liberties ? { username } : { username, films: films.length }

  const membersPage = (page: number) =>
    Effect.zipRight(
      request,
      outage?._tag === "Everything" || (outage?._tag === "MembersList" && page > 1)
        ? new SourceError({
            reason: "Unreachable",
            source: "world",
            detail: `page ${page} of the members cannot be had`
          })
        : Effect.sync(() => {
            const start = (page - 1) * perPage
            const shown = world.members.slice(liberties && page > 1 ? start - 1 : start, start + perPage)
            return [
              Chunk.fromIterable(shown.map(listing)),
              start + perPage < world.members.length ? Option.some(page + 1) : Option.none<number>()
            ] as const
          })
    )

  const judge = (username: Username, number: number): PageVerdict => {
    if (
      outage?._tag === "Everything" ||
      (outage?._tag === "FilmsPage" && outage.username === username && outage.number === number)
    ) {
      return PageVerdict.Unavailable({ why: "it cannot be had" })
    }
    const member = members.get(username)
    if (member === undefined || member.state === "gone") return PageVerdict.MemberNotFound()
    if (member.state === "private") return PageVerdict.MemberPrivate()
    if (member.state !== "public") return PageVerdict.Renamed({ to: member.state.renamedTo })
    const { films } = member
    if (films.length === 0) return PageVerdict.NoFilms()
    const lastPage = Math.ceil(films.length / world.filmsPerPage)
    if (number > lastPage) return PageVerdict.PastTheEnd()
    const shown = films.slice((number - 1) * world.filmsPerPage, number * world.filmsPerPage)
    return PageVerdict.Films({
      films: liberties
        ? shown.map(({ film: { title: _title, year: _year, ...film }, ...watched }) => ({ ...watched, film }))
        : shown,
      lastPage,
      stated: liberties
        ? {}
        : { films: films.length, rated: films.filter(({ rating }) => rating !== undefined).length },
      unreadable: 0,
      fullPage: world.filmsPerPage
    })
  }

  const readPage = (username: Username, number: number): Effect.Effect<RatingsPage> =>
    Effect.map(request, () => ({
      username,
      number,
      url: `world:${username}/${number}`,
      verdict: judge(username, number)
    }))

  const readPages = (username: Username, numbers: ReadonlyArray<number>) =>
    Stream.mapEffect(
      Stream.fromIterable(liberties ? numbers.toReversed() : numbers),
      (number) => readPage(username, number),
      { concurrency: 3 }
    )

  return {
    name: "world",
    members: Stream.paginateChunkEffect(1, membersPage),
    ratings: (username, pages) =>
      pages === "all"
        ? Stream.unwrap(
            Effect.map(readPage(username, 1), (first) =>
              Stream.concat(
                Stream.make(first),
                readPages(
                  username,
                  first.verdict._tag === "Films"
                    ? Array.from({ length: first.verdict.lastPage - 1 }, (_, i) => i + 2)
                    : []
                )
              )
            )
          )
        : readPages(username, pages),
    ratedFilms: (username) =>
      Effect.as(
        request,
        Option.map(
          Option.filter(
            Option.fromNullable(members.get(username)),
            ({ state }) => state === "public" && !liberties && outage?._tag !== "Everything"
          ),
          ({ films }) => {
            const rated = films.filter(({ rating }) => rating !== undefined).length
            return { atLeast: rated, atMost: rated }
          }
        )
      ),
    activity: Effect.sync(() => ({
      requests,
      retries: 0,
      pausedMillis: 0,
      requestsPerSecond: Infinity,
      unreadListings: 0
    }))
  }
}

export const layer = (world: SourceWorld, options: WorldSourceOptions = {}): Layer.Layer<RatingsSource> =>
  Layer.sync(RatingsSource, () => make(world, options))
