/**
 * `lb inspect`: a member, a film or all ratings of a dataset, in the terminal.
 *
 * @since 0.1.0
 */
import { type Username, type WholeDataset, withoutForgotten } from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Either } from "effect"
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"
import { InvalidSettings } from "../ExitCode.ts"
import { inspectFilm } from "../inspect/InspectFilm.ts"
import { inspectMember } from "../inspect/InspectMember.ts"
import { inspectPair } from "../inspect/InspectPair.ts"
import { inspectRatings } from "../inspect/InspectRatings.ts"
import { didYouMean } from "../Nearest.ts"
import { memberNamed } from "../options/MemberName.ts"
import { type Flags, resolveSettings } from "../options/Settings.ts"
import { Screen } from "../Screen.ts"
import { datasetToShow } from "../ShownDataset.ts"
import { shown } from "../Shown.ts"

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

const named = (text: string): Effect.Effect<Username, InvalidSettings> =>
  Either.match(memberNamed(text), { onLeft: invalid, onRight: (name) => Effect.succeed(name) })

const kinds = ["member", "film", "ratings"]

/** What the words ask for. */
const inspectionOf = ([kind = "", first, second, ...others]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const tooMany = (word: string, takes: string) => invalid(`${takes}; ${shown(word)} is one word too many.`)
    switch (kind) {
      case "member": {
        if (first === undefined)
          return yield* invalid("lb inspect member needs a NAME, for example lb inspect member davee.")
        if (others[0] !== undefined)
          return yield* tooMany(others[0], "lb inspect member takes one name, or two to compare")
        const name = yield* named(first)
        const other = second === undefined ? undefined : yield* named(second)
        return (whole: WholeDataset) =>
          other === undefined ? inspectMember(whole, name) : inspectPair(whole, name, other)
      }
      case "film": {
        if (first === undefined)
          return yield* invalid("lb inspect film needs an ID or a SLUG, for example lb inspect film film:51896.")
        if (second !== undefined) return yield* tooMany(second, "lb inspect film takes one film")
        return (whole: WholeDataset) => inspectFilm(whole, first)
      }
      case "ratings": {
        if (first !== undefined) return yield* tooMany(first, "lb inspect ratings takes no name")
        return inspectRatings
      }
      default:
        return yield* invalid(
          `lb inspect shows a member, a film or ratings, not ${shown(kind)}.${didYouMean(kind, kinds, (one) => `lb inspect ${one}`)} All options: lb inspect --help`
        )
    }
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const inspect = (words: ReadonlyArray<string>, flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const inspection = yield* inspectionOf(words)
    const settings = yield* resolveSettings(flags)
    const whole = yield* datasetToShow(settings)
    const found = yield* inspection({ ...whole, state: withoutForgotten(whole.state) })
    const lines = settings.json ? [JSON.stringify(found.json)] : found.lines(yield* screen.width)
    yield* screen.out(lines.map((line) => `${line.trimEnd()}\n`).join(""))
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      NotInDataset: ({ message }) => endWith(1, message),
      StorageError: (error) => endWithError(error, { command: "inspect", flags })
    })
  )
