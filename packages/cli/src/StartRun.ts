/**
 * A run, as commands start it: warns, asks, shows progress, and ends with the last words and the exit code.
 *
 * @since 0.1.0
 */
import {
  activityOf,
  Harvest,
  type HarvestEvent,
  RatingsSource,
  RatingsStorage,
  type StorageError,
  type Username
} from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Layer, Ref } from "effect"
import { withAdvice } from "./Advice.ts"
import { CommandEnded, exitCodeOfReport, exitCodeOfStorageError, type InvalidSettings } from "./ExitCode.ts"
import * as KeptPages from "./KeptPages.ts"
import { folderOf, type Settings } from "./options/Settings.ts"
import { noticesOf, sourceOf } from "./plugins/Sources.ts"
import { storageOf } from "./plugins/Storages.ts"
import { resultOf } from "./progress/RunWords.ts"
import { showProgress } from "./progress/ShowProgress.ts"
import { Screen } from "./Screen.ts"

/**
 * What a run is to do. `only` is the one member to read. `resume` is the command that goes on, `restart` the one that
 * tries again where nothing was committed.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunRequest {
  readonly settings: Settings
  readonly mode: "new" | "continue" | "either"
  readonly only?: Username
  readonly resume: string
  readonly restart: string
}

/**
 * Says the last words, and ends the command with a code.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endWith = (code: 1 | 2 | 3 | 4, words: string): Effect.Effect<never, CommandEnded, Screen> =>
  Effect.gen(function* () {
    const screen = yield* Screen
    yield* screen.err(`${words}\n`)
    return yield* new CommandEnded({ code })
  })

/**
 * Ends the command for an error of the settings or of the storage. `next` says what is there and how to go on, where the
 * error is one that passes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endWithError = (
  error: InvalidSettings | StorageError,
  next?: string
): Effect.Effect<never, CommandEnded, Screen> =>
  error._tag === "InvalidSettings"
    ? endWith(1, error.message)
    : endWith(
        exitCodeOfStorageError(error.reason),
        `${withAdvice(error)}${next !== undefined && (error.reason === "Full" || error.reason === "Failed") ? ` ${next}` : ""}`
      )

/**
 * Says what somebody who reads from the source should know.
 *
 * @since 0.1.0
 * @category constructors
 */
export const warn = (settings: Settings): Effect.Effect<void, never, Screen> =>
  Effect.flatMap(Screen, (screen) =>
    Effect.forEach(noticesOf(settings), (notice) => screen.err(`${notice}\n`), { discard: true })
  )

/** Whether a dataset that is in the way may be moved aside: asks where somebody can answer. */
const consent = (settings: Settings, mode: "new" | "continue") =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const storage = yield* RatingsStorage
    if (mode !== "new" || settings.yes || !(yield* storage.exists)) return settings.yes
    return yield* screen.ask(
      `${storage.place} holds a dataset. Move it aside (its name gets .bak-TIME) and start a new one?`
    )
  })

const harvest = ({ mode: asked, only, restart, resume, settings }: RunRequest) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const source = yield* RatingsSource
    const storage = yield* RatingsStorage
    const mode = asked !== "either" ? asked : (yield* storage.exists) ? "continue" : "new"
    const mayMoveAside = yield* consent(settings, mode)
    const progress = yield* showProgress(
      activityOf(source),
      settings.json ? "json" : settings.quiet ? "quiet" : "lines"
    )
    const committed = yield* Ref.make(
      mode === "continue"
        ? `Nothing was added to ${storage.place}. Go on with: ${resume}`
        : `Nothing was committed. Start again with: ${restart}`
    )
    const tell = (event: HarvestEvent) =>
      Effect.zipRight(
        event._tag === "BatchCommitted"
          ? Ref.set(
              committed,
              `${storage.place} holds ${event.totalRatings.toLocaleString("en-US")} ratings; all batches up to ${event.batch} are safe. Go on with: ${resume}`
            )
          : Effect.void,
        progress.show(event)
      )

    const report = yield* Harvest.report(
      {
        mode,
        existing: mayMoveAside ? "set-aside" : "refuse",
        batches: settings.batches,
        batchSize: settings.batchSize,
        membersInFlight: settings.concurrency + 2,
        ...(settings.maxTime === undefined ? {} : { maxMillis: settings.maxTime * 1000 }),
        // Who is asked for by name is read, whoever a variable or the configuration leaves out of runs.
        ...(only === undefined ? { skip: settings.skip } : { only }),
        ...(settings.keep === undefined ? {} : { keep: settings.keep }),
        ...(settings.timestamp === undefined ? {} : { timestamp: settings.timestamp })
      },
      tell
    ).pipe(
      Effect.ensuring(progress.end),
      Effect.onInterrupt(() => Effect.flatMap(Ref.get(committed), (words) => screen.err(`\nInterrupted. ${words}\n`))),
      Effect.catchTag("StorageError", (error) =>
        Effect.flatMap(Ref.get(committed), (words) => endWithError(error, words))
      )
    )
    const words = `${resultOf(report, storage.place, report.totalUsers === 0 ? restart : resume)}\n`
    yield* settings.json ? screen.err(words) : screen.out(words)
    // Whoever has another name is known, whatever came of that name.
    if (only !== undefined && report.members.gone > 0 && report.members.renamed === 0) {
      return yield* endWith(
        1,
        `The site knows no member called ${only}. Check the name; it stands in the address of the profile.`
      )
    }
    const code = exitCodeOfReport(report)
    if (code !== 0) return yield* new CommandEnded({ code })
  }).pipe(Effect.scoped)

/**
 * Runs. Fails with the exit code once everything was said.
 *
 * @since 0.1.0
 * @category constructors
 */
export const startRun = (request: RunRequest) =>
  Effect.gen(function* () {
    const { settings } = request
    const folder = yield* folderOf(settings)
    const storage = yield* storageOf(settings, folder, { memberFiles: request.only !== undefined })
    const source = yield* sourceOf(settings, "run")
    yield* warn(settings)
    yield* harvest(request).pipe(
      Effect.provide(Layer.merge(source, storage)),
      Effect.provide(KeptPages.layer(folder)),
      Effect.provide(NodeProcessTable.layer)
    )
  }).pipe(
    Effect.catchTags({
      InvalidSettings: (error) => endWithError(error),
      SourceError: (error) => endWith(1, error.message),
      // The storage could not be opened or looked at: nothing has happened.
      StorageError: (error) => endWithError(error, `Try again with: ${request.restart}`)
    })
  )
