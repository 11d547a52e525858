/**
 * `lb user`: reads members by name.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { checkFailedFile, namesOf } from "../NamesFile.ts"
import { type Flags, pasteable, resolveSettings } from "../options/Settings.ts"
import { shown } from "../Shown.ts"
import { endWith, endWithInvalid } from "../CommandEnding.ts"
import { startRun } from "../StartRun.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const user = (words: ReadonlyArray<string>, flags: Flags) =>
  Effect.gen(function* () {
    const settings = yield* Effect.catchAll(resolveSettings(flags), endWithInvalid)
    const { failed: failedFile, input } = settings
    const names = yield* namesOf(words, input)
    if (names.length === 0) return yield* endWith(1, noNames(input))
    if (failedFile !== undefined)
      yield* Effect.catchAll(checkFailedFile(failedFile), ({ message }) => endWith(1, message))
    // What failed is what is left, except for what standard input said.
    const next = failedFile === undefined ? flags : { ...flags, input: failedFile }
    const command = yield* pasteable(["user", ...(failedFile === undefined ? words : [])].join(" "), next, [])
    yield* startRun({
      settings,
      mode: "either",
      only: names,
      ...(failedFile === undefined ? {} : { failedFile }),
      resume: command,
      restart: command,
      failed: { command: "user", flags }
    })
  })

const noNames = (input: string | undefined): string =>
  input === undefined
    ? "lb user needs a NAME, for example lb user davee. All options: lb user --help"
    : `${input === "-" ? "Standard input" : shown(input)} has no names. Nothing was read.`
