/**
 * Files of member names: those to read (`--input`), and those that could not be read (`--failed`).
 *
 * @since 0.1.0
 */
import { FileSystem, type Path } from "@effect/platform"
import * as NodeStream from "@effect/platform-node/NodeStream"
import type { ProcessTable, Username } from "@letterboxd-ratings/core"
import { Chunk, Effect, Either, Schema, Stream } from "effect"
import { memberNamed } from "./options/MemberName.ts"
import { endWith } from "./CommandEnding.ts"
import { checkOwnFile, type OwnFileError, type OwnKind, writeOwnFile } from "./OwnFile.ts"
import { grouped, shown } from "./Shown.ts"

const mostBytes = 10_000_000
const mostNames = 100_000
const longestLine = 500

/** What is wrong with a file of names, and what to do, in a sentence. */
class NamesFileError extends Schema.TaggedError<NamesFileError>("@letterboxd-ratings/cli/NamesFileError")(
  "NamesFileError",
  { reason: Schema.Literal("Unreadable", "TooLarge", "Invalid"), message: Schema.String }
) {
  /** @since 0.1.0 */
  readonly isRetryable = false
}

const wrong = (reason: NamesFileError["reason"], message: string) => new NamesFileError({ reason, message })

/**
 * The names in a text: one in a line. Blank lines, and what follows a `#`, are left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const namesIn = (place: string, text: string): Either.Either<ReadonlyArray<Username>, string> => {
  const names: Array<Username> = []
  for (const [i, line] of text
    .replace(/^\uFEFF/u, "")
    .split(/\r\n|\n|\r/u)
    .entries()) {
    const where = `Line ${i + 1} of ${place}`
    if (line.length > longestLine)
      return Either.left(`${where} has more than ${longestLine} characters. Give one name in a line.`)
    const word = line.replace(/#.*$/su, "").trim()
    if (word === "") continue
    const name = memberNamed(word)
    if (Either.isLeft(name)) return Either.left(`${where}: ${name.left}`)
    names.push(name.right)
    if (names.length > mostNames) return Either.left(`${place} has more than ${grouped(mostNames)} names. Divide it.`)
  }
  return Either.right(names)
}

/** The bytes of a file, or of standard input (`-`), of which no more are read than a file of names may have. */
const bytesOf = (place: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = place === "-" ? NodeStream.stdin : fs.stream(place)
    let length = 0
    const chunks = yield* bytes.pipe(
      Stream.takeUntil((chunk) => (length += chunk.length) > mostBytes),
      Stream.runCollect,
      Effect.mapError(({ message }) =>
        wrong("Unreadable", `${shown(place)} cannot be read: ${shown(message)}. Check the path.`)
      )
    )
    if (length > mostBytes)
      return yield* wrong("TooLarge", `${shown(place)} has more than ${mostBytes / 1e6} MB. Divide it.`)
    return Buffer.concat(Chunk.toReadonlyArray(chunks))
  })

/** Reads a file of names, or standard input (`-`). */
const readNames = (place: string): Effect.Effect<ReadonlyArray<Username>, NamesFileError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const bytes = yield* bytesOf(place)
    const named = place === "-" ? "standard input" : shown(place)
    const text = yield* Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
      catch: () => wrong("Invalid", `${named} is not UTF-8 text. Save it as UTF-8, one name in a line.`)
    })
    return yield* Effect.mapError(namesIn(named, text), (message) => wrong("Invalid", message))
  })

const failedNames: OwnKind = {
  mark: "# Members that lb could not read completely. Each run with --failed replaces this file; -i reads it.\n",
  option: "--failed"
}

/**
 * Checks that a file of failed names may be written: it is not there, or one of ours.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkFailedFile = (place: string): Effect.Effect<void, OwnFileError, FileSystem.FileSystem> =>
  checkOwnFile(failedNames, place)

/**
 * Writes the names that could not be read, each with the reason, in the place of the last ones. Where all were read, the
 * file has only its first line. What is returned are sentences about unfinished work beside that is not proven to be ours.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeFailed = (
  place: string,
  failed: ReadonlyArray<{ readonly username: Username; readonly reason: string }>
): Effect.Effect<ReadonlyArray<string>, OwnFileError, FileSystem.FileSystem | Path.Path | ProcessTable> => {
  const lines = failed.map(({ reason, username }) => `${username}  # ${reason}\n`)
  return writeOwnFile(failedNames, place, { text: `${failedNames.mark}${lines.join("")}`, what: "The names" })
}

/**
 * The names on a command line, and then those of a file. Ends the command where one is none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const namesOf = (words: ReadonlyArray<string>, input: string | undefined) =>
  Effect.gen(function* () {
    const names: Array<Username> = []
    for (const word of words) {
      const name = memberNamed(word)
      if (Either.isLeft(name)) return yield* endWith(1, name.left)
      names.push(name.right)
    }
    if (input === undefined) return names
    const more = yield* Effect.catchAll(readNames(input), ({ message }) => endWith(1, message))
    return [...names, ...more]
  })
