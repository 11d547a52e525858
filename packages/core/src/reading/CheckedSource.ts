/**
 * A source as the rest of the program reads it: everything that a source gives is checked as data from outside. A source may
 * be a module of another author, and not in TypeScript.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Either, Option, ParseResult, Predicate, Schema, Stream } from "effect"
import { Keep } from "../dataset/Column.ts"
import { Proof } from "../dataset/MemberState.ts"
import { type WatchedFilm, watchedFilmReader } from "../dataset/Tables.ts"
import { type MemberListing, Username } from "../domain/Member.ts"
import { type ListPart, type MissingExtent, mostParts, PartContent } from "./ListPart.ts"
import type { RatedFilms, RatingsSource, SourceActivity, SourceFinding } from "./RatingsSource.ts"
import { SourceError, SourceErrorReason } from "./SourceError.ts"

type Source = typeof RatingsSource.Service

/** So many films a part has at most: a source may give a list in one piece. */
const mostFilms = 1_000_000

/** So many lines a finding has at most. */
const mostLines = 1_000

const longestLabel = 100
const longestPlace = 1_000
const longestText = 4_000

const adviceToAuthor =
  "Nothing was guessed. This is a mistake in the source: report it to the author of the source, with this message."

/** A text for the screen or a file: one line of whole characters without escape codes, and not too long. */
const plainLine = (text: string, longest: number): string => {
  const line = text
    .slice(0, longest * 2)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replace(/\p{Cs}/gu, "\uFFFD")
    .trim()
  return line.length > longest ? `${line.slice(0, longest).replace(/[\ud800-\udbff]$/u, "")}...` : line
}

const shown = (value: unknown): string =>
  plainLine(
    Predicate.isFunction(value)
      ? "a function"
      : Predicate.isObject(value)
        ? "an object"
        : typeof value === "string"
          ? JSON.stringify(value)
          : String(value),
    80
  )

/** What is wrong with a value, and where in it. */
const firstIssue = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  const where = issue === undefined ? "" : issue.path.map(String).join(".")
  return plainLine(`${where}${where === "" ? "" : ": "}${issue?.message ?? error.message}`, 200)
}

/** What a source gave cannot be used. */
const sourceMistake = (source: string, detail: string, cause?: unknown): SourceError =>
  new SourceError({
    reason: "NotUnderstood",
    source,
    detail: `The source ${source} ${detail}`,
    advice: adviceToAuthor,
    ...(cause === undefined ? {} : { cause })
  })

const Count = Schema.NonNegativeInt.pipe(Schema.lessThanOrEqualTo(2_147_483_647))
const PartNumber = Schema.Int.pipe(Schema.between(1, mostParts))
const maybe = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(schema)

const FailureOfSource = Schema.Struct({
  _tag: Schema.Literal("SourceError"),
  reason: SourceErrorReason,
  source: maybe(Schema.String),
  label: maybe(Schema.String),
  place: maybe(Schema.String),
  detail: Schema.String,
  advice: maybe(Schema.String),
  cause: maybe(Schema.Unknown)
})
const decodeFailure = Schema.decodeUnknownOption(FailureOfSource)

const line = (key: string, text: string | undefined, longest: number) =>
  text === undefined || text.trim() === "" ? {} : { [key]: plainLine(text, longest) }

/** An error that a source failed with, as one of ours. */
const checkedError = (name: string, value: unknown): SourceError =>
  Option.match(decodeFailure(value), {
    onNone: () => sourceMistake(name, `failed with ${shown(value)}, which is no SourceError`, value),
    onSome: ({ advice, cause, detail, label, place, reason, source = name }) =>
      new SourceError({
        reason,
        source: plainLine(source, longestLabel),
        detail: plainLine(detail, longestText),
        ...line("label", label, longestLabel),
        ...line("place", place, longestPlace),
        ...line("advice", advice, longestText),
        ...(cause === undefined ? {} : { cause })
      })
  })

/**
 * Why a source failed: with an error of its own, or because it threw something. `undefined` if it was interrupted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sourceFailure = (name: string, cause: Cause.Cause<unknown>): SourceError | undefined => {
  if (Cause.isInterruptedOnly(cause)) return undefined
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) return checkedError(name, failure.value)
  const thrown = Cause.squash(cause)
  const words = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : shown(thrown)
  return sourceMistake(name, `threw an exception (${plainLine(words, 200)})`, thrown)
}

const checkedCause = (name: string, cause: Cause.Cause<unknown>): Cause.Cause<SourceError> => {
  const error = sourceFailure(name, cause)
  return error === undefined ? Cause.interrupt(Option.getOrThrow(Cause.interruptOption(cause))) : Cause.fail(error)
}

const isStream = (value: unknown): value is Stream.Stream<unknown, unknown> =>
  Predicate.hasProperty(value, Stream.StreamTypeId)

/** The stream that `get` gives, whatever that is, with each of its values checked. */
const checkedStream = <A>(
  name: string,
  what: string,
  get: () => unknown,
  check: (value: unknown) => Effect.Effect<A, SourceError>
): Stream.Stream<A, SourceError> =>
  Stream.suspend((): Stream.Stream<unknown, unknown> => {
    const given = get()
    return isStream(given)
      ? given
      : Stream.fail(sourceMistake(name, `gave ${shown(given)} as ${what} instead of a stream`))
  }).pipe(
    // What is given may throw when it is looked at, too.
    Stream.mapEffect((value) => Effect.suspend(() => check(value))),
    Stream.catchAllCause((cause) => Stream.failCause(checkedCause(name, cause)))
  )

/** The effect that `get` gives, whatever that is, with its value checked. */
const checkedEffect = <A>(
  name: string,
  what: string,
  get: () => unknown,
  check: (value: unknown) => Effect.Effect<A, SourceError>
): Effect.Effect<A, SourceError> =>
  Effect.suspend((): Effect.Effect<unknown, unknown> => {
    const given = get()
    return Effect.isEffect(given)
      ? (given as Effect.Effect<unknown, unknown>)
      : Effect.fail(sourceMistake(name, `gave ${shown(given)} as ${what} instead of an effect`))
  }).pipe(
    Effect.flatMap(check),
    Effect.catchAllCause((cause) => Effect.failCause(checkedCause(name, cause)))
  )

/** Reads values with a schema; `what` names them in errors. */
const checking = <A, I>(name: string, what: string, schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(schema)
  return (value: unknown): Effect.Effect<A, SourceError> =>
    Either.match(decode(value), {
      onLeft: (error) => Effect.fail(sourceMistake(name, `gave ${what} that cannot be used (${firstIssue(error)})`)),
      onRight: Effect.succeed
    })
}

const Listing = Schema.Struct({ username: Username, films: maybe(Count) })

const PartHead = Schema.Struct({
  username: Username,
  number: PartNumber,
  place: Schema.String,
  // The record of a member counts labels by name.
  label: maybe(Schema.String.pipe(Schema.filter((label) => label !== "__proto__"))),
  content: Schema.Struct({
    _tag: Schema.Literal("Films", "PastTheEnd", "Missing", "Empty", "Gone", "Private", "Renamed")
  })
})
const decodeHead = Schema.decodeUnknownEither(PartHead)

/** What stands in it is read film by film. */
const isListOfFilms = (value: unknown): value is ReadonlyArray<unknown> =>
  Array.isArray(value) && value.length <= mostFilms

const FilmsOfSource = Schema.Struct({
  films: Schema.declare(isListOfFilms, { identifier: `an array of at most ${mostFilms} films` }),
  lastPart: PartNumber,
  stated: Schema.Struct({ films: maybe(Count), rated: maybe(Count) }),
  unreadable: Count,
  fullPart: Count
})
const decodeFilms = Schema.decodeUnknownEither(FilmsOfSource)
const decodeRenamed = Schema.decodeUnknownEither(Schema.Struct({ to: Username }))
const decodeExtent = Schema.decodeUnknownOption(
  Schema.Struct({ extent: Schema.Literal("part", "perhaps-source", "source") })
)

type Head = typeof PartHead.Type

/** The content of a part; what is wrong with it, where it cannot be used. */
type ReadContent = (tag: Head["content"]["_tag"], content: unknown) => Either.Either<PartContent, string>

const contentReader = (name: string): ReadContent => {
  const readFilm = watchedFilmReader()
  const readFilms = (content: unknown): Either.Either<PartContent, string> => {
    const decoded = decodeFilms(content)
    if (Either.isLeft(decoded)) return Either.left(firstIssue(decoded.left))
    const { films: given, fullPart, lastPart, stated, unreadable } = decoded.right
    const films: Array<WatchedFilm> = []
    for (const one of given) {
      const film = readFilm(one)
      if (Either.isLeft(film)) return Either.left(`film ${films.length + 1}: ${plainLine(film.left, 200)}`)
      films.push(film.right)
    }
    return Either.right(
      PartContent.Films({
        films,
        lastPart,
        stated: {
          ...(stated.films === undefined ? {} : { films: stated.films }),
          ...(stated.rated === undefined ? {} : { rated: stated.rated })
        },
        unreadable,
        fullPart
      })
    )
  }
  return (tag, content) => {
    switch (tag) {
      case "Films":
        return readFilms(content)
      case "Missing": {
        const extent: MissingExtent | undefined = Option.getOrUndefined(decodeExtent(content))?.extent
        const error = checkedError(name, Predicate.hasProperty(content, "error") ? content.error : undefined)
        return Either.right(PartContent.Missing({ error, ...(extent === undefined ? {} : { extent }) }))
      }
      case "Renamed":
        return Either.mapBoth(decodeRenamed(content), {
          onLeft: firstIssue,
          onRight: ({ to }) => PartContent.Renamed({ to })
        })
      case "PastTheEnd":
        return Either.right(PartContent.PastTheEnd())
      case "Empty":
        return Either.right(PartContent.Empty())
      case "Gone":
        return Either.right(PartContent.Gone())
      case "Private":
        return Either.right(PartContent.Private())
    }
  }
}

/**
 * Reads the parts of a list. A part that says whose and which it is, but has a content that cannot be used, is missing: the
 * others may be good. Anything else is the end of the list.
 */
const partReader = (
  name: string,
  readContent: ReadContent,
  username: Username,
  parts: "all" | ReadonlyArray<number>
): ((value: unknown) => Effect.Effect<ListPart, SourceError>) => {
  const asked = parts === "all" ? undefined : new Set(parts)
  let count = 0
  const unusable = (why: string) =>
    Effect.fail(sourceMistake(name, `gave a part of the list of ${username} that cannot be used (${why})`))
  return (value) => {
    const decoded = decodeHead(value)
    if (Either.isLeft(decoded)) return unusable(firstIssue(decoded.left))
    const {
      content: { _tag },
      label,
      number,
      place,
      username: of
    } = decoded.right
    if (of !== username) return unusable(`it names the member ${of}`)
    if (asked?.has(number) === false) return unusable(`part ${number} was not asked for`)
    count += 1
    if (count > 2 * mostParts) return unusable(`there are more than ${2 * mostParts} parts`)
    const content = Predicate.hasProperty(value, "content") ? readContent(_tag, value.content) : Either.left("")
    return Effect.succeed({
      username,
      number,
      place: plainLine(place, longestPlace),
      ...(Either.isLeft(content) ? {} : line("label", label, longestLabel)),
      content: Either.getOrElse(content, (why) =>
        PartContent.Missing({
          error: sourceMistake(name, `gave part ${number} of ${username} that cannot be used (${why})`)
        })
      )
    })
  }
}

const Rated = Schema.Struct({ atLeast: Count, atMost: Schema.Number.pipe(Schema.nonNegative()) }).pipe(
  Schema.filter(({ atLeast, atMost }) => atLeast <= atMost || "atMost is below atLeast")
)

const Finding = Schema.Struct({
  step: Schema.String,
  place: Schema.String,
  found: Schema.Array(Schema.String).pipe(Schema.maxItems(mostLines)),
  error: maybe(Schema.Unknown)
})

const Texts = Schema.Struct({ advice: maybe(Schema.String), label: maybe(Schema.String) })
const decodeTexts = Schema.decodeUnknownOption(Schema.partial(Schema.Record({ key: SourceErrorReason, value: Texts })))

const checkedTexts = (given: unknown): Source["reasonTexts"] =>
  Option.match(decodeTexts(given), {
    onNone: () => undefined,
    onSome: (texts) =>
      Object.fromEntries(
        Object.entries(texts).map(([reason, { advice, label } = {}]) => [
          reason,
          { ...line("advice", advice, longestText), ...line("label", label, longestLabel) }
        ])
      )
  })

const nothingDone: SourceActivity = {
  requests: 0,
  retries: 0,
  pausedMillis: 0,
  requestsPerSecond: Infinity,
  unreadListings: 0
}
const Amount = Schema.Number.pipe(Schema.nonNegative(), Schema.finite())
const isActivity = Schema.is(
  Schema.Struct({
    requests: Amount,
    retries: Amount,
    pausedMillis: Amount,
    pausedUntil: Schema.optionalWith(Amount, { exact: true }),
    requestsPerSecond: Schema.Number.pipe(Schema.nonNegative()),
    unreadListings: Amount
  })
)

const isKeeps = Schema.is(Schema.Array(Keep))
const isProof = Schema.is(Proof)
const isName = (name: unknown): name is string => typeof name === "string" && plainLine(name, longestLabel) !== ""

/** What of a source is there when it is made; `mistake` says what is wrong with that. */
const whatIsThere = (source: { readonly [K in keyof Source]?: unknown }) => {
  const name = isName(source.name) ? plainLine(source.name, longestLabel) : "(without a name)"
  const { keeps, proof } = source
  const mistake = !isName(source.name)
    ? `has ${shown(source.name)} as its name`
    : keeps !== undefined && !isKeeps(keeps)
      ? `has keeps that are none (${plainLine(String(keeps), 80)})`
      : proof !== undefined && !isProof(proof)
        ? `has a proof that is none (${shown(proof)})`
        : undefined
  return {
    name,
    ...(mistake === undefined ? {} : { mistake: sourceMistake(name, mistake) }),
    ...(isKeeps(keeps) ? { keeps } : {}),
    ...(isProof(proof) ? { proof } : {})
  }
}

/**
 * The source, with everything that it gives checked: members, parts with their films and numbers, findings, errors, texts.
 * A content that cannot be used makes its part `Missing`; an exception, a value of another type or a missing stream is a
 * `SourceError`. Both are `NotUnderstood`, and name the source and the value. Texts are cut to one line of moderate length,
 * without escape codes. Costs a few hundred nanoseconds for each film.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkedSource = (given: Source): Source => {
  const source: { readonly [K in keyof Source]?: unknown } = Predicate.isRecord(given) ? given : {}
  const { mistake, name, ...kept } = whatIsThere(source)
  const readContent = contentReader(name)
  const listingOf = checking(name, "a member", Listing)
  const ratedOf = checking(name, "a number of rated films", Rated)
  const findingOf = checking(name, "a finding", Finding)
  const unlessMistaken = <A>(stream: Stream.Stream<A, SourceError>): Stream.Stream<A, SourceError> =>
    mistake === undefined ? stream : Stream.fail(mistake)
  const texts = checkedTexts(source.reasonTexts)

  return {
    name,
    ...kept,
    ...(texts === undefined ? {} : { reasonTexts: texts }),
    members: unlessMistaken(
      checkedStream(
        name,
        "its members",
        () => source.members,
        (value) =>
          Effect.map(listingOf(value), ({ films, username }): MemberListing => ({
            username,
            ...(films === undefined ? {} : { films })
          }))
      )
    ),
    list: (username, parts) =>
      unlessMistaken(
        Stream.suspend(() =>
          checkedStream(
            name,
            `the list of ${username}`,
            () => given.list(username, parts),
            partReader(name, readContent, username, parts)
          )
        )
      ),
    ...(source.ratedFilms === undefined
      ? {}
      : {
          ratedFilms: (username) =>
            checkedEffect(
              name,
              `the number of rated films of ${username}`,
              () => given.ratedFilms?.(username),
              (value): Effect.Effect<Option.Option<RatedFilms>, SourceError> =>
                Option.isOption(value)
                  ? Option.match(value, {
                      onNone: () => Effect.succeedNone,
                      onSome: (rated) => Effect.asSome(ratedOf(rated))
                    })
                  : Effect.fail(
                      sourceMistake(name, `gave ${shown(value)} as a number of rated films instead of an Option`)
                    )
            )
        }),
    ...(source.activity === undefined
      ? {}
      : {
          // It is for progress and reports only.
          activity: checkedEffect(
            name,
            "its activity",
            () => source.activity,
            (value) => Effect.succeed(isActivity(value) ? value : nothingDone)
          ).pipe(Effect.orElseSucceed(() => nothingDone))
        }),
    ...(source.examine === undefined
      ? {}
      : {
          examine: (username) =>
            checkedStream(
              name,
              "its examination",
              () => given.examine?.(username),
              (value) =>
                Effect.map(findingOf(value), ({ error, found, place, step }): SourceFinding => ({
                  step: plainLine(step, longestLabel),
                  place: plainLine(place, longestPlace),
                  found: found.map((text) => plainLine(text, longestText)),
                  ...(error === undefined ? {} : { error: checkedError(name, error) })
                }))
            ).pipe(
              Stream.catchAll((error) =>
                Stream.make<[SourceFinding]>({ step: "examination", place: name, found: [], error })
              )
            )
        })
  }
}
