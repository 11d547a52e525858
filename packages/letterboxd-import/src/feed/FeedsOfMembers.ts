/**
 * The feeds of members, asked of the site, as something to import.
 *
 * @since 0.1.0
 */
import {
  type FeedImport,
  ImportError,
  ImportItem,
  type KnownFilms,
  SourceError,
  type Username
} from "@letterboxd-ratings/core"
import { errorFromVerdict, FeedReader, type FeedVerdict } from "@letterboxd-ratings/letterboxd-source"
import { Clock, DateTime, Effect, Ref, Stream } from "effect"
import type { FileSystem, Path } from "@effect/platform"
import { followedByAside } from "../aside/AsideInput.ts"
import { noBridge } from "../tables/FilmTables.ts"
import { feed, feedItems, feedName } from "./FeedInput.ts"

/**
 * - `concurrency`: how many feeds to ask for at the same time, at least 1. The policy of the reader limits the total.
 * - `baseUrls`: addresses of sites whose links are understood, besides letterboxd.com.
 * - `maxMillis`: ends the reading after that time with what it has.
 * - `datasetFolder`: the folder beside whose dataset ratings without a film number are kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface FeedsOptions {
  readonly concurrency: number
  readonly baseUrls?: ReadonlyArray<string>
  readonly maxMillis?: number
  readonly datasetFolder?: string
}

/** So many feeds in a row that cannot be read mean the site. */
const unavailableThatMeanTheSite = 3

const timeIsUp = (source: string, millis: number) =>
  new SourceError({
    reason: "BudgetSpent",
    source,
    detail: `The time limit of ${millis / 1000} s for this run was reached`
  })

type Refused = Extract<FeedVerdict, { readonly _tag: "Refused" }>["verdict"]

const isUnavailable = ({ _tag }: Refused): boolean => _tag === "Unavailable" || _tag === "Truncated"

/**
 * Reads the feeds of members with the `FeedReader` in the context, in their order; a request each. What is wrong with one
 * feed is refused as an input. What the site says of a member (gone, private, renamed) is noted, and changes nothing: the
 * pages of the member tell it with certainty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const feedsOfMembers = (
  members: ReadonlyArray<Username>,
  { baseUrls = [], concurrency, datasetFolder, maxMillis = Infinity }: FeedsOptions
): Effect.Effect<FeedImport, never, FeedReader.FeedReader | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
    const reader = yield* FeedReader.FeedReader
    const stoppedBy = yield* Ref.make<SourceError | undefined>(undefined)
    const absent: Array<{ readonly username: Username; readonly why: string }> = []
    let inARow = 0
    const end = (yield* Clock.currentTimeMillis) + maxMillis

    const itemsIn = (username: Username, text: string, films: KnownFilms): Effect.Effect<ReadonlyArray<ImportItem>> =>
      Effect.gen(function* () {
        const place = `the feed of ${username}`
        const options = { as: Effect.succeed(username), baseUrls, askedAt: yield* DateTime.now }
        const items = yield* feedItems(place, text, options, noBridge, films).pipe(
          Effect.catchAll((error) => Effect.succeed([ImportItem.Refused({ error })]))
        )
        const isOfAnother = items.some((item) => item._tag === "Member" && item.member.username !== username)
        const other = new ImportError({ reason: "Invalid", place, detail: "its entries belong to another member" })
        return [
          ImportItem.Found({ place, kind: feedName, words: "feed of a member" }),
          ...(isOfAnother ? [ImportItem.Refused({ error: other })] : items)
        ]
      })

    const itemsOf = (username: Username, films: KnownFilms): Effect.Effect<ReadonlyArray<ImportItem>, SourceError> =>
      Effect.gen(function* () {
        const answer = yield* reader.feed(username)
        if (answer._tag === "Feed") {
          inARow = 0
          return yield* itemsIn(username, answer.text, films)
        }
        const { verdict } = answer
        absent.push({ username, why: verdict._tag })
        inARow = isUnavailable(verdict) ? inARow + 1 : 0
        if (inARow < unavailableThatMeanTheSite) return []
        const subject = `the feed of ${username}`
        return yield* errorFromVerdict({ source: reader.name, url: subject, subject }, verdict)
      })

    const isOver = Effect.gen(function* () {
      if ((yield* Ref.get(stoppedBy)) === undefined && (yield* Clock.currentTimeMillis) >= end)
        yield* Ref.set(stoppedBy, timeIsUp(reader.name, maxMillis))
      return (yield* Ref.get(stoppedBy)) !== undefined
    })
    /** What is asked for already is read, even if nothing more is asked for. */
    const itemsUntilStop = (username: Username, films: KnownFilms) =>
      Effect.if(isOver, {
        onTrue: () => Effect.succeed([]),
        onFalse: () =>
          Effect.catchAll(itemsOf(username, films), (error) =>
            Effect.as(
              Ref.update(stoppedBy, (first) => first ?? error),
              []
            )
          )
      })

    return {
      source: {
        name: feedName,
        keeps: feed.keeps,
        items: (films) => {
          const read = Stream.fromIterable(members).pipe(
            Stream.mapEffect((username) => itemsUntilStop(username, films), { concurrency }),
            Stream.flattenIterables
          )
          return Stream.provideContext(followedByAside(read, datasetFolder, films), context)
        }
      },
      absent: Effect.sync(() => absent),
      stoppedBy: Ref.get(stoppedBy)
    }
  })
