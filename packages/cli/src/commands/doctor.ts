/**
 * `lb doctor`: looks at the site, and says what is there.
 *
 * @since 0.1.0
 */
import type { Username } from "@letterboxd-ratings/core"
import { examine, type Finding } from "@letterboxd-ratings/letterboxd-source"
import { Effect, Either, Ref, Stream } from "effect"
import type { Command } from "../Command.ts"
import { CommandEnded, exitCodeOfSourceError } from "../ExitCode.ts"
import * as KeptPages from "../KeptPages.ts"
import { memberNamed } from "../options/MemberName.ts"
import type { OptionKey } from "../options/OptionTable.ts"
import { type Flags, folderOf, resolveSettings } from "../options/Settings.ts"
import { clientOf, siteOf } from "../plugins/Sources.ts"
import { Screen } from "../Screen.ts"
import { endWith, endWithError, warn } from "../StartRun.ts"

const options = new Set<OptionKey>([
  "source",
  "out",
  "testMode",
  "rate",
  "timeout",
  "baseUrl",
  "listing",
  "membersList",
  "userAgent",
  "ignoreRobots",
  "json",
  "config"
])

/** Whoever asks a doctor wants to know how it is now: one repetition, and no long waits. */
const hurried = { concurrency: 1, maxRetries: 1, backoffMillis: 1_000, patienceMillis: 10_000 }

const wordsOf = ({ error, found, step, url }: Finding): string =>
  [
    `${error === undefined ? "✓" : "✗"} ${step} (${url})`,
    ...found.map((line) => `    ${line}`),
    ...(error === undefined ? [] : [`    ${error.message}`])
  ].join("\n")

const objectOf = ({ error, found, step, url }: Finding) => ({
  step,
  url,
  good: error === undefined,
  found,
  ...(error === undefined ? {} : { reason: error.reason, message: error.message })
})

const look = (flags: Flags, username: Username | undefined) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const folder = yield* folderOf(settings)
    yield* warn(settings)
    const { options: site, policy } = yield* siteOf(settings)
    const errors = yield* Ref.make<ReadonlyArray<NonNullable<Finding["error"]>>>([])
    yield* examine(site, username).pipe(
      Stream.runForEach((finding) =>
        Effect.zipRight(
          screen.out(`${settings.json ? JSON.stringify(objectOf(finding)) : wordsOf(finding)}\n`),
          finding.error === undefined
            ? Effect.void
            : Ref.update(errors, (before) => [...before, finding.error].flatMap((error) => error ?? []))
        )
      ),
      Effect.provide(clientOf({ ...policy, ...hurried })),
      Effect.provide(KeptPages.layer(folder))
    )
    const all = yield* Ref.get(errors)
    if (all.length === 0)
      return yield* settings.json ? Effect.void : screen.out("All is well: lb run can read this site.\n")
    return yield* new CommandEnded({ code: all.some(({ reason }) => exitCodeOfSourceError(reason) === 3) ? 3 : 1 })
  }).pipe(
    Effect.scoped,
    Effect.catchTags({
      InvalidSettings: (error) => endWithError(error),
      SourceError: (error) => endWith(1, error.message)
    })
  )

const doctor = (name: string | undefined, flags: Flags) =>
  name === undefined
    ? look(flags, undefined)
    : Either.match(memberNamed(name), {
        onLeft: (sentence) => endWith(1, sentence),
        onRight: (username) => look(flags, username)
      })

/**
 * @since 0.1.0
 * @category models
 */
export const doctorCommand: Command = {
  name: "doctor",
  summary: "Looks whether the site can be read from here.",
  what: "Looks at the site with a handful of requests, and says step by step what is there: robots.txt, the members list, the films of NAME (of the first member listed where none is named). Writes nothing but pages that are not understood, into diagnostics/ of the output folder.",
  usage: "[NAME] [OPTIONS]",
  examples: [
    ["lb doctor", "can letterboxd.com be read from here?"],
    ["lb doctor davee", "are the films of this member understood?"],
    ["lb doctor --source sandbox", "what it says when all is well"]
  ],
  argument: { name: "NAME", isOptional: true },
  takes: (key) => options.has(key),
  run: ({ argument, flags }) => doctor(argument, flags)
}
