/**
 * `lb run`: adds members to a dataset.
 *
 * @since 0.1.0
 */
import { Command, Prompt } from "@effect/cli"
import { Harvest, RatingsSource, RatingsStorage, type StorageError } from "@letterboxd-ratings/core"
import { Effect, Layer, PubSub, Ref } from "effect"
import { CommandEnded, exitCodeOfReport, exitCodeOfStorageError, InvalidSettings } from "../ExitCode.ts"
import * as NodeProcessTable from "../NodeProcessTable.ts"
import { flagsOf, helpOf } from "../options/Flags.ts"
import { type Flags, folderOf, resolveSettings, resumeCommand, type Settings } from "../options/Settings.ts"
import { isLive, sourceOf } from "../plugins/Sources.ts"
import { storageOf } from "../plugins/Storages.ts"
import { resultOf } from "../progress/RunWords.ts"
import { showProgress } from "../progress/ShowProgress.ts"
import { Screen } from "../Screen.ts"

const notice =
  "Letterboxd's terms of use (6.11, December 2025) forbid automated gathering unless authorised. Make sure you are.\n" +
  "This tool keeps to the site's robots.txt and is slow by default.\n"

const end = (code: 1 | 2 | 3 | 4, words: string) =>
  Effect.gen(function*() {
    const screen = yield* Screen
    yield* screen.err(`${words}\n`)
    return yield* new CommandEnded({ code })
  })

const warn = (settings: Settings) =>
  Effect.gen(function*() {
    const screen = yield* Screen
    if (isLive(settings)) yield* screen.err(notice)
    if (settings.ignoreRobots) {
      yield* screen.err("The site's robots.txt is not kept to (--ignore-robots). Only do this with the site's permission.\n")
    }
  })

/** Whether a dataset that is in the way may be moved aside: asks where somebody can answer. */
const consent = (settings: Settings, folder: string) =>
  Effect.gen(function*() {
    const screen = yield* Screen
    const storage = yield* RatingsStorage
    if (settings.mode !== "new" || settings.yes || !(yield* storage.exists) || !screen.isInteractive) return settings.yes
    return yield* Prompt.confirm({
      message: `${folder} holds a dataset. Move it aside to ${folder}.bak-TIME and start a new one?`,
      initial: false
    }).pipe(Effect.orElseSucceed(() => false))
  })

const harvest = (settings: Settings, mode: "new" | "continue", flags: Flags, folder: string) =>
  Effect.gen(function*() {
    const screen = yield* Screen
    const source = yield* RatingsSource
    const mayMoveAside = yield* consent(settings, folder)
    const service = yield* Harvest.make
    const events = yield* PubSub.subscribe(service.events)
    const committed = yield* Ref.make("Nothing was committed.")
    const shown = yield* showProgress(events, source.activity, settings.json ? "json" : settings.quiet ? "quiet" : "lines")
    const counter = yield* PubSub.subscribe(service.events)
    yield* Effect.forkScoped(
      Effect.forever(Effect.flatMap(counter.take, (event) =>
        event._tag === "BatchCommitted"
          ? Ref.set(committed, `${folder} holds ${event.totalRatings.toLocaleString("en-US")} ratings; all batches up to ${event.batch} are safe.`)
          : Effect.void))
    )
    const resume = resumeCommand(flags)

    const report = yield* service.run({
      mode,
      existing: mayMoveAside ? "set-aside" : "refuse",
      batches: settings.batches,
      batchSize: settings.batchSize,
      membersInFlight: settings.concurrency + 2,
      ...(settings.timestamp === undefined ? {} : { timestamp: settings.timestamp })
    }).pipe(
      Effect.ensuring(shown),
      Effect.onInterrupt(() =>
        Effect.flatMap(Ref.get(committed), (words) => screen.err(`\nInterrupted. ${words} Go on with: ${resume}\n`))
      )
    )
    const words = `${resultOf(report, folder, resume)}\n`
    yield* settings.json ? screen.err(words) : screen.out(words)
    const code = exitCodeOfReport(report)
    if (code !== 0) return yield* new CommandEnded({ code })
  }).pipe(Effect.scoped)

const onStorageError = (flags: Flags) => (error: StorageError) =>
  end(
    exitCodeOfStorageError(error.reason),
    `${error.message}.${error.reason === "Full" || error.reason === "Failed" ? ` Go on with: ${resumeCommand(flags)}` : ""}`
  )

const run = (flags: Flags) =>
  Effect.gen(function*() {
    const settings = yield* resolveSettings(flags)
    const { mode } = settings
    if (mode === undefined) {
      return yield* new InvalidSettings({
        problems: ["--mode is missing. Say --mode new to start a dataset, or --mode continue to go on with one."]
      })
    }
    const folder = yield* folderOf(settings)
    const storage = yield* storageOf(settings, folder)
    const source = yield* sourceOf(settings)
    yield* warn(settings)
    yield* harvest(settings, mode, flags, folder).pipe(
      Effect.provide(Layer.merge(source, storage)),
      Effect.provide(NodeProcessTable.layer)
    )
  }).pipe(
    Effect.catchTags({
      InvalidSettings: (error) => end(1, error.message),
      SourceError: (error) => end(1, error.message),
      StorageError: onStorageError(flags)
    })
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const runCommand = Command.make("run", flagsOf(), ({ flags }) => run(flags)).pipe(
  Command.withDescription(helpOf(
    "Adds members to a dataset: reads the films of popular members and commits their ratings batch by batch.",
    [
      ["lb run --mode new --source sandbox", "try it: a generated site on this machine, nothing is asked of anybody"],
      ["lb run --mode new --batches 5 --batch-size 20", "a dataset of 100 members from letterboxd.com, in data_output"],
      ["lb run --mode continue", "go on: complete what is partial, add 20 more members"]
    ]
  ))
)
