/**
 * Files that `lb` writes where the user says, and replaces only if it wrote what is there.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { ProcessTable } from "@letterboxd-ratings/core"
import { failuresOf, makeStaging, removeStaging } from "@letterboxd-ratings/storage-folder"
import { Chunk, Effect, Schema, Stream } from "effect"
import { shown } from "./Shown.ts"

/**
 * Why a file cannot be written, and what to do, in a sentence.
 *
 * @since 0.1.0
 * @category errors
 */
export class OwnFileError extends Schema.TaggedError<OwnFileError>("@letterboxd-ratings/cli/OwnFileError")(
  "OwnFileError",
  { reason: Schema.Literal("NotOurs", "Unwritable"), message: Schema.String }
) {
  /** @since 0.1.0 */
  readonly isRetryable = false
}

/**
 * A kind of file: the text that each of them begins with, which nobody else's file does, and the option that names the file.
 *
 * @since 0.1.0
 * @category models
 */
export interface OwnKind {
  readonly mark: string
  readonly option: string
}

/**
 * Checks that a file may be written: it is not there, or one of ours.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checkOwnFile = (
  { mark, option }: OwnKind,
  place: string
): Effect.Effect<void, OwnFileError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const failed = (message: string) =>
      new OwnFileError({ reason: "Unwritable", message: `${shown(place)} cannot be used for ${option}: ${message}` })
    const isThere = yield* Effect.mapError(fs.exists(place), ({ message }) => failed(shown(message)))
    if (!isThere) return
    const { type } = yield* Effect.mapError(fs.stat(place), ({ message }) => failed(shown(message)))
    if (type !== "File") return yield* failed("it is not a file. Choose another name.")
    const head = yield* fs.stream(place, { bytesToRead: mark.length }).pipe(
      Stream.runCollect,
      Effect.mapError(({ message }) => failed(shown(message)))
    )
    if (Buffer.concat(Chunk.toReadonlyArray(head)).toString("utf8") !== mark)
      return yield* new OwnFileError({
        reason: "NotOurs",
        message: `${shown(place)} is there already, and lb did not write it. Nothing was read. Choose another name for ${option}.`
      })
  })

const failures = failuresOf("file")

/**
 * Writes a file, which begins with the mark, in the place of the last one: completely, or not at all. `what` names the
 * content in messages. What is returned are sentences about unfinished work beside that is not proven to be ours.
 *
 * @since 0.1.0
 * @category constructors
 */
export const writeOwnFile = (
  kind: OwnKind,
  place: string,
  { text, what }: { readonly text: string; readonly what: string }
): Effect.Effect<ReadonlyArray<string>, OwnFileError, FileSystem.FileSystem | Path.Path | ProcessTable> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* checkOwnFile(kind, place)
    return yield* Effect.acquireUseRelease(
      makeStaging(failures, path.resolve(place)),
      ({ folder, notes }) =>
        Effect.gen(function* () {
          const next = path.join(folder, "file")
          yield* fs.writeFileString(next, text)
          yield* fs.rename(next, place)
          return notes
        }),
      removeStaging
    )
  }).pipe(
    Effect.catchAll((error) =>
      error._tag === "OwnFileError"
        ? error
        : new OwnFileError({
            reason: "Unwritable",
            message: `${what} could not be written to ${shown(place)}: ${shown(error.message)}`
          })
    )
  )
