/**
 * A run, as commands start it: warns, asks, shows progress, and ends with the result and the exit code.
 *
 * @since 0.1.0
 */
import {
  checkedSource,
  Harvest,
  type HarvestEvent,
  type MemberRead,
  RatingsSource,
  RatingsStorage,
  type Username
} from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { type Context, Effect, Fiber, Layer, Option, Ref } from "effect"
import type { Failed } from "./Advice.ts"
import { endWith, endWithError, endWithInvalid } from "./CommandEnding.ts"
import { CommandEnded, exitCodeOfReport } from "./ExitCode.ts"
import * as KeptPages from "./KeptPages.ts"
import { folderOf, type Settings } from "./options/Settings.ts"
import { isModule } from "./plugins/LoadedModule.ts"
import { noticesOf, sourceOf } from "./plugins/Sources.ts"
import { storageOf } from "./plugins/Storages.ts"
import { resultOf, whatIsMissing } from "./progress/RunWords.ts"
import { batchSizeOf, showRun } from "./progress/ShowRun.ts"
import { writeFailed } from "./NamesFile.ts"
import { Recorder, type RecordingFailed } from "./Recorder.ts"
import { Screen } from "./Screen.ts"
import { grouped, printable } from "./Shown.ts"

/**
 * What to do where the robots.txt of a site forbids what was asked for, as a line; empty for a source that is no site.
 *
 * @since 0.1.0
 * @category constructors
 */
export const aboutRobots = ({ membersList, source }: Settings): string =>
  source !== undefined && isModule(source)
    ? ""
    : `robots.txt forbids what was asked for. Use ${membersList === "all" ? "" : "--members-list all, or "}--ignore-robots if you have the site's permission.\n`

/**
 * What to run. `only` are the members to read, and nobody else; those that are not read completely are written to
 * `failedFile`. `resume` is the command to continue with, `restart` the one to try again
 * with if nothing was committed. `allowed` is the one that asks only for lists that robots.txt allows, if this one did not. `failed` describes the command for advice on errors.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunRequest {
  readonly settings: Settings
  readonly mode: "new" | "continue" | "either"
  readonly only?: ReadonlyArray<Username>
  readonly failedFile?: string
  readonly resume: string
  readonly restart: string
  readonly allowed?: string
  readonly failed: Failed
}

/**
 * Shows what the user should know before reading from the source.
 *
 * @since 0.1.0
 * @category constructors
 */
export const warn = (settings: Settings): Effect.Effect<void, never, Screen> =>
  Effect.flatMap(Screen, (screen) =>
    Effect.forEach(noticesOf(settings), (notice) => screen.err(`${notice}\n`), { discard: true })
  )

/** Whether an existing dataset may be moved aside. Asks on a terminal. */
const consent = (settings: Settings, mode: "new" | "continue") =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const storage = yield* RatingsStorage
    if (mode !== "new" || settings.yes || !(yield* storage.exists)) return settings.yes
    return yield* screen.ask(
      `${storage.place} holds a dataset. Move it aside (to a name with .bak-TIME) and start a new one?`
    )
  })

/** Stops a run whose responses cannot be recorded any more. Whoever interrupts it waits for its last words. */
const untilRecordingFails =
  ({ failed }: Context.Tag.Service<Recorder>) =>
  <A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, E | RecordingFailed, R> =>
    Effect.flatMap(Effect.fork(run), (running) =>
      Effect.onExit(Effect.raceFirst(Fiber.join(running), failed), () => Fiber.interrupt(running))
    )

/** What became of members who were asked for by name. */
const makeOutcomes = () => {
  const states = new Map<Username, (typeof MemberRead.Type)["state"]>()
  const reasons = new Map<Username, string>()
  const committed = new Set<Username>()
  const leftOut = new Set<Username>()
  return {
    see: (event: HarvestEvent): void => {
      if (event._tag === "BatchCommitted") for (const username of event.members) committed.add(username)
      if (event._tag === "MemberLeftOut") leftOut.add(event.username)
      if (event._tag !== "MemberRead") return
      states.set(event.username, event.state)
      if (event.state === "partial") reasons.set(event.username, `partial: ${whatIsMissing(event)}`)
    },
    /** The site has no such member. */
    isUnknown: (username: Username): boolean => states.get(username) === "gone",
    failed: (asked: ReadonlyArray<Username>) =>
      [...new Set(asked)].flatMap((username) => {
        const state = states.get(username)
        // Somebody who asked to be left out is not to be asked for again.
        const isRead =
          leftOut.has(username) ||
          state === "gone" ||
          (state !== undefined && state !== "partial" && committed.has(username))
        return isRead ? [] : [{ username, reason: reasons.get(username) ?? "not read" }]
      })
  }
}

const notRecorded: Context.Tag.Service<Recorder> = { committed: () => Effect.void, failed: Effect.never }

const harvest = ({ allowed, failed, failedFile, mode: asked, only, restart, resume, settings }: RunRequest) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const source = checkedSource(yield* RatingsSource)
    const storage = yield* RatingsStorage
    const mode = asked !== "either" ? asked : (yield* storage.exists) ? "continue" : "new"
    const mayMoveAside = yield* consent(settings, mode)
    const progress = yield* showRun(settings, source)
    const committed = yield* Ref.make(
      mode === "continue"
        ? `Nothing was added to ${storage.place}. Continue with: ${resume}`
        : `Nothing was committed. Try again with: ${restart}`
    )
    const recorder = Option.getOrElse(yield* Effect.serviceOption(Recorder), () => notRecorded)
    const outcomes = makeOutcomes()
    const keepFailed =
      only === undefined || failedFile === undefined
        ? Effect.void
        : Effect.catchAll(
            Effect.flatMap(
              Effect.suspend(() => writeFailed(failedFile, outcomes.failed(only))),
              Effect.forEach((note) => screen.err(`${printable(note)}\n`), { discard: true })
            ),
            ({ message }) => screen.err(`${message}\n`)
          )
    const tell = (event: HarvestEvent) => {
      outcomes.see(event)
      return Effect.zipRight(
        event._tag === "BatchCommitted"
          ? Effect.zipRight(
              Ref.set(
                committed,
                `${storage.place} holds ${grouped(event.totalRatings)} ratings; all batches up to ${event.batch} are committed. Continue with: ${resume}`
              ),
              recorder.committed({ at: event.committedAt, members: event.members })
            )
          : Effect.void,
        progress.show(event)
      )
    }

    const report = yield* Harvest.report(
      {
        mode,
        existing: mayMoveAside ? "set-aside" : "refuse",
        batches: settings.batches,
        batchSize: batchSizeOf(settings),
        membersInFlight: settings.concurrency + 2,
        ...(settings.maxTime === undefined ? {} : { maxMillis: settings.maxTime * 1000 }),
        // A member requested by name is read even if a variable or the configuration skips it in runs.
        ...(only === undefined ? { skip: settings.skip } : { only: only.map((username) => ({ username })) }),
        ...(settings.keep === undefined ? {} : { keep: settings.keep }),
        ...(settings.timestamp === undefined ? {} : { timestamp: settings.timestamp })
      },
      tell
    ).pipe(
      untilRecordingFails(recorder),
      Effect.ensuring(Effect.zipRight(progress.end, keepFailed)),
      Effect.onInterrupt(() => Effect.flatMap(Ref.get(committed), (words) => screen.err(`\nInterrupted. ${words}\n`))),
      Effect.catchTags({
        StorageError: (error) => Effect.flatMap(Ref.get(committed), (words) => endWithError(error, failed, words)),
        RecordingFailed: ({ message }) =>
          Effect.flatMap(Ref.get(committed), (words) => endWith(1, `${printable(message)} ${words}`))
      })
    )
    // Members who are complete, or do not exist, leave nothing to continue.
    const isDone = only !== undefined && report.members.partial === 0 && report.stopped === undefined
    const isNotAllowed = report.stopped?.kind === "NotAllowed"
    // The same command would be refused again.
    const next = isDone ? undefined : isNotAllowed ? allowed : report.totalUsers === 0 ? restart : resume
    const words = `${isNotAllowed ? aboutRobots(settings) : ""}${resultOf(report, storage.place, next, only === undefined ? settings.skip : [])}\n`
    yield* settings.json ? screen.err(words) : screen.out(words)
    const unknown = only?.filter(outcomes.isUnknown) ?? []
    if (unknown.length > 0) {
      return yield* endWith(
        1,
        `There is no member named ${unknown.slice(0, 20).join(", ")}${unknown.length > 20 ? ` and ${unknown.length - 20} more` : ""} on the site. Check the ${unknown.length === 1 ? "name; it is" : "names; they are"} in the URL of the profile.`
      )
    }
    const code = exitCodeOfReport(report)
    if (code !== 0) return yield* new CommandEnded({ code })
  }).pipe(Effect.scoped)

/**
 * Runs. Fails with the exit code after all messages are written.
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
      InvalidSettings: endWithInvalid,
      SourceError: (error) => endWith(1, error.message),
      // The storage could not be opened or inspected: nothing has happened.
      StorageError: (error) => endWithError(error, request.failed, `Try again with: ${request.restart}`)
    })
  )
