/**
 * What changed since the export whose place a new one takes.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import type { StorageError, WholeDataset } from "@letterboxd-ratings/core"
import { DateTime, Effect, Option, Stream } from "effect"
import { dataCardName } from "./DataCard.ts"

/**
 * The time of the last commit that an earlier export has, and what readings after it found changed.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChangesSince {
  readonly at: DateTime.Utc
  readonly changes: number
  readonly readings: number
}

/** The row of the card stands within so many bytes. */
const headBytes = 16 * 1024

/** The time of the last commit, as the card of an export in this folder states it; an anonymous one states a day. */
const commitOf = (folder: string): Effect.Effect<DateTime.Utc | undefined, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const place = (yield* Path.Path).join(folder, dataCardName)
    const card = yield* Stream.mkString(Stream.decodeText(fs.stream(place, { bytesToRead: headBytes })))
    const [, text] = /^\| last commit \| (\d{4}-\d{2}-\d{2}(?:T[\d:.]{1,20}Z)?) \|$/mu.exec(card) ?? []
    return text === undefined ? undefined : Option.getOrUndefined(DateTime.make(text))
  }).pipe(Effect.orElseSucceed(() => undefined))

/**
 * What changed in a dataset since the export in a folder; `undefined` if there is none, or if the dataset has no history.
 * Reads the history once.
 */
export const changesSince = (
  folder: string,
  { changes, readings, state }: Pick<WholeDataset, "changes" | "readings" | "state">
): Effect.Effect<ChangesSince | undefined, StorageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    if (!state.keeps.has("changes")) return undefined
    const since = yield* commitOf(folder)
    if (since === undefined) return undefined
    const later = (rows: Stream.Stream<{ readonly at: DateTime.Utc }, StorageError>) =>
      Stream.runFold(rows, 0, (sum, { at }) => (DateTime.greaterThan(at, since) ? sum + 1 : sum))
    return { at: since, changes: yield* later(changes), readings: yield* later(readings) }
  })
