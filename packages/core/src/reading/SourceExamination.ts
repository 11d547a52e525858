/**
 * Checks whether a source can be read.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Option, Stream } from "effect"
import type { Username } from "../domain/Member.ts"
import type { RatingsSource, SourceFinding } from "./RatingsSource.ts"
import { checkedSource } from "./CheckedSource.ts"
import { SourceError } from "./SourceError.ts"
import { labelOf, type ListPart } from "./ListPart.ts"

type Source = typeof RatingsSource.Service

/**
 * How long a step of an examination may take before it counts as failed.
 *
 * @since 0.1.0
 * @category models
 */
export const examinationStepLimit: Duration.Duration = Duration.seconds(30)

/**
 * Examines a source: with the source's own `examine`, or else by reading the first member of its list and the first part of
 * the list of `username` (default: that first member). A step without an answer within `stepLimit` (30 seconds) is a
 * finding, and the last one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const examineSource = (
  given: Source,
  username?: Username,
  stepLimit: Duration.DurationInput = examinationStepLimit
): Stream.Stream<SourceFinding> => {
  const source = checkedSource(given)
  const limit = Duration.decode(stepLimit)
  return source.examine === undefined
    ? readFirst(source, username, limit)
    : endedAfter(source, limit, source.examine(username))
}

const noAnswer = ({ name }: Source, limit: Duration.Duration): SourceError =>
  new SourceError({
    reason: "Unreachable",
    source: name,
    detail: `The source ${name} gave no answer within ${Duration.toSeconds(limit)} s`
  })

/** The findings until one takes too long. Who takes too long may not notice that nobody waits any more. */
const endedAfter = (
  source: Source,
  limit: Duration.Duration,
  findings: Stream.Stream<SourceFinding>
): Stream.Stream<SourceFinding> =>
  findings.pipe(
    Stream.timeoutFail(() => noAnswer(source, limit), limit),
    Stream.catchAll((error) =>
      Stream.make<[SourceFinding]>({ step: "next step", place: source.name, found: [], error })
    )
  )

const headWithin = <A>(
  source: Source,
  limit: Duration.Duration,
  stream: Stream.Stream<A, SourceError>
): Effect.Effect<Option.Option<A>, SourceError> =>
  Stream.runHead(stream).pipe(
    Effect.disconnect,
    Effect.timeoutFail({ duration: limit, onTimeout: () => noAnswer(source, limit) })
  )

const readFirst = (
  source: Source,
  username: Username | undefined,
  limit: Duration.Duration
): Stream.Stream<SourceFinding> =>
  Stream.unwrap(
    Effect.map(firstMember(source, limit), ({ finding, first }) => {
      const member = username ?? first
      const rest = member === undefined ? Stream.empty : Stream.fromEffect(firstPart(source, member, limit))
      return Stream.concat(Stream.make(finding), rest)
    })
  )

const firstMember = (source: Source, limit: Duration.Duration) => {
  const about = { step: "members list", place: source.name }
  return headWithin(source, limit, source.members).pipe(
    Effect.map(
      Option.match({
        onNone: (): { readonly finding: SourceFinding; readonly first?: Username } => ({
          finding: { ...about, found: ["it names no members"] }
        }),
        onSome: ({ username }) => ({
          finding: { ...about, found: [`the first member is ${username}`] },
          first: username
        })
      })
    ),
    Effect.catchAll((error) => Effect.succeed({ finding: { ...about, found: [], error }, first: undefined }))
  )
}

const firstPart = (source: Source, username: Username, limit: Duration.Duration): Effect.Effect<SourceFinding> => {
  const about = { step: "films", place: `${source.name}: ${username}` }
  const failed = (error: SourceError): SourceFinding => ({ ...about, found: [], error })
  return headWithin(source, limit, source.list(username, [1])).pipe(
    Effect.map(
      Option.match({
        onNone: () => failed(unfit(source, `${source.name} gave nothing when it was asked for ${username}`)),
        onSome: (part) => findingOf(source, part)
      })
    ),
    Effect.catchAll((error) => Effect.succeed(failed(error)))
  )
}

const unfit = ({ name }: Source, detail: string): SourceError =>
  new SourceError({ reason: "InvalidOption", source: name, detail, advice: "Name another member, or check the name." })

const findingOf = (source: Source, part: ListPart): SourceFinding => {
  const { content, place, username } = part
  const about = { step: "films", place }
  const found = [labelOf(part)]
  switch (content._tag) {
    case "Films": {
      const rated = content.films.filter(({ rating }) => rating !== undefined).length
      return {
        ...about,
        found: [
          ...found,
          `${content.films.length} films, ${rated} of them rated, ${content.unreadable} unreadable; last part ${content.lastPart}`
        ]
      }
    }
    case "Empty":
      return { ...about, found: [...found, `${username} has no films; name a member who has some`] }
    case "Missing":
      return { ...about, found, error: content.error }
    case "PastTheEnd":
      return { ...about, found, error: unfit(source, `Part 1 of ${username} is said to be past the end of the list`) }
    case "Gone":
      return { ...about, found, error: unfit(source, `${source.name} knows no member called ${username}`) }
    case "Private":
      return {
        ...about,
        found,
        error: unfit(source, `The films of ${username} are private, so nothing can be told by them`)
      }
    case "Renamed":
      return { ...about, found, error: unfit(source, `${username} has another name now: ${content.to}`) }
  }
}
