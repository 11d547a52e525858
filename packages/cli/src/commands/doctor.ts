/**
 * `lb doctor`: checks whether the source can be read.
 *
 * @since 0.1.0
 */
import {
  examinationStepLimit,
  examineSource,
  RatingsSource,
  type SourceError,
  type SourceFinding,
  type Username
} from "@letterboxd-ratings/core"
import { Duration, Effect, Either, Stream } from "effect"
import { CommandEnded, exitCodeOfSourceError } from "../ExitCode.ts"
import * as KeptPages from "../KeptPages.ts"
import { memberNamed } from "../options/MemberName.ts"
import { type Flags, folderOf, resolveSettings, type Settings } from "../options/Settings.ts"
import { isModule } from "../plugins/LoadedModule.ts"
import { sourceOf } from "../plugins/Sources.ts"
import { Screen } from "../Screen.ts"
import { endWith, endWithInvalid } from "../CommandEnding.ts"
import { aboutRobots, warn } from "../StartRun.ts"

const wordsOf = ({ error, found, place, step }: SourceFinding): string =>
  [
    `${error === undefined ? "✓" : "✗"} ${step} (${place})`,
    ...found.map((line) => `    ${line}`),
    ...(error === undefined ? [] : [`    ${error.message}`])
  ].join("\n")

const objectOf = ({ error, found, place, step }: SourceFinding) => ({
  step,
  url: place,
  good: error === undefined,
  found,
  ...(error === undefined ? {} : { reason: error.reasonLabel, message: error.message })
})

/** A site waits for each request as long as the options say, and tells more about it than that there was no answer. */
const stepLimitOf = ({ source = "letterboxd", timeout }: Settings): Duration.Duration =>
  Duration.sum(examinationStepLimit, isModule(source) ? Duration.zero : Duration.seconds(2 * timeout))

const look = (flags: Flags, username: Username | undefined) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const folder = yield* folderOf(settings)
    const source = yield* sourceOf(settings, "examination")
    yield* warn(settings)
    const show = (finding: SourceFinding) =>
      screen.out(`${settings.json ? JSON.stringify(objectOf(finding)) : wordsOf(finding)}\n`)
    const errors = yield* RatingsSource.pipe(
      Effect.flatMap((examined) =>
        examineSource(examined, username, stepLimitOf(settings)).pipe(
          Stream.tap(show),
          Stream.runFold(new Array<SourceError>(), (before, { error }) =>
            error === undefined ? before : [...before, error]
          )
        )
      ),
      Effect.provide(source),
      Effect.provide(KeptPages.layer(folder))
    )
    if (errors.length === 0)
      return yield* settings.json ? Effect.void : screen.out("All checks passed. lb run can read this source.\n")
    if (errors.some(({ reason }) => reason === "NotAllowed")) yield* screen.err(aboutRobots(settings))
    return yield* new CommandEnded({ code: errors.some(({ reason }) => exitCodeOfSourceError(reason) === 3) ? 3 : 1 })
  }).pipe(
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      SourceError: (error) => endWith(1, error.message)
    })
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const doctor = (name: string | undefined, flags: Flags) =>
  name === undefined
    ? look(flags, undefined)
    : Either.match(memberNamed(name), {
        onLeft: (sentence) => endWith(1, sentence),
        onRight: (username) => look(flags, username)
      })
