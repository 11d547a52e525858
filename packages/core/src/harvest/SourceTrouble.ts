/**
 * Tells the trouble of one member's list from trouble of the whole source. One odd part is that member's; the run goes on
 * without it. When several members in a row show the same trouble, it is the source's, and the run stops.
 *
 * @since 0.1.0
 */
import { Effect, Option, Ref, Stream } from "effect"
import type { Username } from "../domain/Member.ts"
import type { RatingsSource } from "../reading/RatingsSource.ts"
import { SourceError } from "../reading/SourceError.ts"
import { type ListPart, missingReason } from "../reading/ListPart.ts"

/** So many requests in a row may fail for good before the run asks whether the source answers at all. */
const failuresBeforeProbe = 3

/** So many members in a row whose parts are refused or not understood mean the source. */
const membersThatMeanTheSource = 3

/**
 * So many members in a row who are said to be private, or not to be there, are suspicious: the source may answer everybody
 * so.
 */
const absentThatAreSuspicious = 5

/**
 * What is expected of a member before it is read:
 *
 * - `present`: the member is on the members list, or was read before. Popular members are private or gone only rarely, so
 *   too many in a row are not believed.
 * - `absent`: the member was private or gone before. That it still is says nothing about the source.
 * - `unknown`: a user named the member. Old names, and misspelled ones, may be many in a row, so a member of the members
 *   list is asked for before the source is blamed.
 *
 * @since 0.1.0
 * @category models
 */
export type Expected = "absent" | "present" | "unknown"

/**
 * What kind of part shows the trouble. The source may give first parts and refuse later ones, or show lists without
 * ratings: a good first part says nothing about those.
 */
type Where = "first part" | "later part" | "ratings"

/**
 * - `onPart` is told of each part. It fails when the source as a whole cannot be read.
 * - `onRatings` is told whether a member's ratings, asked for in a second way, were on its list.
 * - `first` is the first trouble with a member's list, if there was any.
 * - `isDisbelieved` tells whether a member is one of those whom the source called private or missing in a row with too many
 *   others.
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceTrouble {
  readonly onPart: (part: ListPart) => Effect.Effect<void, SourceError>
  readonly onRatings: (username: Username, missing: string | undefined) => Effect.Effect<void, SourceError>
  readonly first: Effect.Effect<SourceError | undefined>
  readonly isDisbelieved: (username: Username) => boolean
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  source: typeof RatingsSource.Service,
  expects: (username: Username) => Expected
): Effect.Effect<SourceTrouble> =>
  Effect.gen(function* () {
    const failures = yield* Ref.make(0)
    const oneProbe = yield* Effect.makeSemaphore(1)
    const inARow: Record<Where, Map<Username, SourceError>> = {
      "first part": new Map(),
      "later part": new Map(),
      ratings: new Map()
    }
    let firstTrouble: SourceError | undefined

    // One member whose parts all fail is that member's trouble; a source that does not even name its first member is
    // everybody's.
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
        return members.size < membersThatMeanTheSource
          ? Effect.void
          : new SourceError({ ...error, detail: `${error.detail}. It was so for ${members.size} members in a row` })
      })

    const absent = new Set<Username>()
    let isSourceToBlame = false
    // The same for the whole run, so that the members list is read for it once.
    const someoneListed = yield* Effect.cached(
      source.members.pipe(
        Stream.filter(({ username }) => !absent.has(username)),
        Stream.runHead
      )
    )
    /** Whether the source shows the films of a member of the members list. */
    const showsSomeone: Effect.Effect<boolean, SourceError> = Effect.flatMap(
      someoneListed,
      Option.match({
        onNone: () => Effect.succeed(false),
        onSome: ({ username }) =>
          Effect.map(Stream.runHead(source.list(username, [1])), (part) => {
            const tag = Option.getOrUndefined(part)?.content._tag
            return tag === "Films" || tag === "Empty"
          })
      })
    )
    const blameSource = (place: string): Effect.Effect<never, SourceError> =>
      Effect.suspend(() => {
        isSourceToBlame = true
        return new SourceError({
          reason: "Refused",
          source: source.name,
          place,
          detail: `The site says of ${absent.size} members in a row that they are private or not there, which is not believed`,
          ...source.reasonTexts?.Refused
        })
      })
    /** Notes what the source says of a member in part 1; fails when it says of too many that there is nothing to see. */
    const noteAbsence = ({ content, number, place, username }: ListPart): Effect.Effect<void, SourceError> =>
      Effect.suspend(() => {
        if (isSourceToBlame) return Effect.void
        if (content._tag === "Films" || content._tag === "Empty") absent.clear()
        if (number !== 1 || (content._tag !== "Private" && content._tag !== "Gone")) return Effect.void
        if (expects(username) === "absent") return Effect.void
        absent.add(username)
        if (absent.size < absentThatAreSuspicious) return Effect.void
        if ([...absent].every((name) => expects(name) === "present")) return blameSource(place)
        return oneProbe.withPermits(1)(
          Effect.gen(function* () {
            if (isSourceToBlame || absent.size < absentThatAreSuspicious) return
            if (!(yield* showsSomeone)) return yield* blameSource(place)
            absent.clear()
          })
        )
      })

    const failed = (requests: number): Effect.Effect<void, SourceError> =>
      Effect.flatMap(
        Ref.updateAndGet(failures, (n) => n + requests),
        (n) => (n >= failuresBeforeProbe ? probe : Effect.void)
      )

    const sound = (where: Where) => inARow[where].clear()

    return {
      onPart: (part) => {
        const { content, number, username } = part
        const where = number === 1 ? "first part" : "later part"
        switch (content._tag) {
          case "Missing": {
            const { error, extent = "part" } = content
            if (extent === "source") return Effect.fail(error)
            // What may concern everybody is asked of the source at once.
            if (extent === "perhaps-source") return failed(failuresBeforeProbe)
            return missingReason(error) === "unavailable" ? failed(1) : suspect(where, username, error)
          }
          case "PastTheEnd":
            return failed(1)
          case "Films":
          case "Empty":
          case "Gone":
          case "Private":
          case "Renamed":
            return Effect.suspend(() => {
              sound(where)
              return Effect.zipRight(Ref.set(failures, 0), noteAbsence(part))
            })
        }
      },
      onRatings: (username, missing) =>
        missing === undefined
          ? Effect.sync(() => sound("ratings"))
          : suspect(
              "ratings",
              username,
              new SourceError({
                reason: "NotUnderstood",
                source: source.name,
                detail: missing,
                ...source.reasonTexts?.NotUnderstood
              })
            ),
      first: Effect.sync(() => firstTrouble),
      isDisbelieved: (username) => isSourceToBlame && absent.has(username)
    }
  })
