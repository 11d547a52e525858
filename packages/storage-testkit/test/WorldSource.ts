/**
 * The world itself as a source: the reference for what a source does.
 */
import {
  type ListPart,
  type MemberListing,
  PartContent,
  RatingsSource,
  SourceError,
  type Username
} from "@letterboxd-ratings/core"
import type { Outage, SourceWorld } from "@letterboxd-ratings/storage-testkit"
import { Chunk, type Context, Effect, Layer, Option, Stream } from "effect"

export const membersPerPage = 30

/**
 * - `liberties`: takes every freedom a source has. Parts come last one first, the members list shows the last member of
 *   a page again on the next, and nothing is told that need not be.
 * - `offline`: like an export on the disk, it sends no requests, has the members list in one piece, and does nothing that
 *   is optional.
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

  const contentOf = (username: Username, number: number): PartContent => {
    if (
      outage?._tag === "Everything" ||
      (outage?._tag === "Part" && outage.username === username && outage.number === number)
    ) {
      return PartContent.Missing({
        error: new SourceError({ reason: "Unreachable", source: "world", detail: "it cannot be had" })
      })
    }
    const member = members.get(username)
    if (member === undefined || member.state === "gone") return PartContent.Gone()
    if (member.state === "private") return PartContent.Private()
    if (member.state !== "public") return PartContent.Renamed({ to: member.state.renamedTo })
    const { films } = member
    if (films.length === 0) return PartContent.Empty()
    const lastPart = Math.ceil(films.length / world.filmsPerPart)
    if (number > lastPart) return PartContent.PastTheEnd()
    const shown = films.slice((number - 1) * world.filmsPerPart, number * world.filmsPerPart)
    return PartContent.Films({
      films: liberties
        ? shown.map(({ film: { title: _title, year: _year, ...film }, ...watched }) => ({ ...watched, film }))
        : shown,
      lastPart,
      stated: liberties
        ? {}
        : { films: films.length, rated: films.filter(({ rating }) => rating !== undefined).length },
      unreadable: 0,
      fullPart: world.filmsPerPart
    })
  }

  const readPart = (username: Username, number: number): Effect.Effect<ListPart> =>
    Effect.map(request, () => ({
      username,
      number,
      place: `world:${username}/${number}`,
      content: contentOf(username, number)
    }))

  const readParts = (username: Username, numbers: ReadonlyArray<number>) =>
    Stream.mapEffect(
      Stream.fromIterable(liberties ? numbers.toReversed() : numbers),
      (number) => readPart(username, number),
      { concurrency: 3 }
    )

  const ratedFilms = (username: Username) =>
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
    )

  return {
    name: "world",
    members: Stream.paginateChunkEffect(1, membersPage),
    list: (username, parts) =>
      parts === "all"
        ? Stream.unwrap(
            Effect.map(readPart(username, 1), (first) =>
              Stream.concat(
                Stream.make(first),
                readParts(
                  username,
                  first.content._tag === "Films"
                    ? Array.from({ length: first.content.lastPart - 1 }, (_, i) => i + 2)
                    : []
                )
              )
            )
          )
        : readParts(username, parts),
    ...(offline
      ? {}
      : {
          ratedFilms,
          activity: Effect.sync(() => ({
            requests,
            retries: 0,
            pausedMillis: 0,
            requestsPerSecond: Infinity,
            unreadListings: 0
          }))
        })
  }
}

export const layer = (world: SourceWorld, options: WorldSourceOptions = {}): Layer.Layer<RatingsSource> =>
  Layer.sync(RatingsSource, () => make(world, options))
