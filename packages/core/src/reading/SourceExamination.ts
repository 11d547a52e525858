/**
 * Checks whether a source can be read.
 *
 * @since 0.1.0
 */
import { Effect, Option, Stream } from "effect"
import type { Username } from "../domain/Member.ts"
import type { RatingsSource, SourceFinding } from "./RatingsSource.ts"
import { SourceError } from "./SourceError.ts"
import { labelOf, type ListPart } from "./ListPart.ts"

type Source = typeof RatingsSource.Service

/**
 * Examines a source: with the source's own `examine`, or else by reading the first member of its list and the first part of
 * the list of `username` (default: that first member).
 *
 * @since 0.1.0
 * @category constructors
 */
export const examineSource = (source: Source, username?: Username): Stream.Stream<SourceFinding> =>
  source.examine?.(username) ?? readFirst(source, username)

const readFirst = (source: Source, username: Username | undefined): Stream.Stream<SourceFinding> =>
  Stream.unwrap(
    Effect.map(firstMember(source), ({ finding, first }) => {
      const member = username ?? first
      const rest = member === undefined ? Stream.empty : Stream.fromEffect(firstPart(source, member))
      return Stream.concat(Stream.make(finding), rest)
    })
  )

const firstMember = (source: Source) => {
  const about = { step: "members list", place: source.name }
  return Stream.runHead(source.members).pipe(
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

const firstPart = (source: Source, username: Username): Effect.Effect<SourceFinding> => {
  const about = { step: "films", place: `${source.name}: ${username}` }
  const failed = (error: SourceError): SourceFinding => ({ ...about, found: [], error })
  return Stream.runHead(source.list(username, [1])).pipe(
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
