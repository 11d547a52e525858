/**
 * `lb forget`: takes members out of a dataset, and leaves them out from then on.
 *
 * @since 0.1.0
 */
import { Path } from "@effect/platform"
import { DateTime, Effect } from "effect"
import { forgettingBatch, forgottenIn, RatingsStorage, whomToForget } from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"
import { namesOf } from "../NamesFile.ts"
import { type Flags, folderOf, resolveSettings } from "../options/Settings.ts"
import { storageOf } from "../plugins/Storages.ts"
import { count } from "../progress/RunWords.ts"
import { Screen } from "../Screen.ts"
import { listed, printable } from "../Shown.ts"
import { removeTraces, type Traces } from "../TracesOfMember.ts"

/** The files that go, and those that the user must look at, as lines. */
const wordsOf = ({ left, removed }: Traces, going: string): ReadonlyArray<string> => [
  ...(removed.length === 0 ? [] : [`${going}: ${listed(removed.map(printable))}`]),
  ...(left.length === 0
    ? []
    : [
        `lb does not change these, which name the member, or may. Look at them, and delete what must go: ${listed(left.map(printable))}`
      ])
]

/**
 * @since 0.1.0
 * @category constructors
 */
export const forget = (words: ReadonlyArray<string>, flags: Flags, switches: ReadonlySet<string>) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const names = yield* namesOf(words, settings.input)
    if (names.length === 0) return yield* endWith(1, "There are no names. Nothing was changed.")
    const folder = yield* folderOf(settings)
    const layer = yield* storageOf(settings, folder, { memberFiles: false })
    const isRehearsal = switches.has("plan")
    yield* Effect.gen(function* () {
      const storage = yield* RatingsStorage
      const dataset = yield* storage.open({ _tag: "continue" })
      for (const note of dataset.notes) yield* screen.err(`${note}\n`)
      const { state } = dataset
      const whom = whomToForget(state, names)
      const people = [...whom.names.keys()]
      const ratings = [...whom.names.values()].reduce((sum, n) => sum + n, 0)
      // A run of this command that was killed may have left files of these beside the dataset.
      const already = [...whom.already.keys()].filter((name) => !whom.names.has(name))
      const plan = [
        ...(people.length === 0 ? [] : [`${people.join(", ")}: ${count(ratings, "rating")}`]),
        ...(whom.unknown.length === 0 ? [] : [`not in the dataset: ${whom.unknown.join(", ")}`]),
        ...(already.length === 0 ? [] : [`forgotten before: ${already.join(", ")}`])
      ].join("; ")
      const members = [...people, ...already, ...whom.unknown].map((username) => ({
        username,
        userId: state.users.get(username) ?? whom.already.get(username)?.userId
      }))
      const { dataCardName } = yield* Effect.promise(() => import("@letterboxd-ratings/export"))
      const { reportMark } = yield* Effect.promise(() => import("@letterboxd-ratings/report"))
      const path = yield* Path.Path
      const searched = (isOnlySearched: boolean) =>
        Effect.flatMap(storage.inspect, ({ files = [] }) =>
          removeTraces(
            {
              folder: path.resolve(folder),
              datasetFiles: new Set(files.map((file) => path.resolve(file))),
              dataCardName,
              reportMark
            },
            members,
            isOnlySearched
          )
        )
      if (isRehearsal) {
        const found = yield* searched(true)
        return yield* screen.out(
          `${[`${printable(plan)}. Nothing was changed.`, ...wordsOf(found, "Would be removed beside the dataset")].join("\n")}\n`
        )
      }
      if (!settings.yes) {
        const isSure = yield* screen.ask(`${printable(plan)}. This cannot be undone. Forget?`)
        if (!isSure) return yield* endWith(1, `${printable(plan)}. Nothing was changed. Add --yes to forget.`)
      }
      // Files first: they are found by all names of a member, which nobody knows any more once the batch is there.
      const before = yield* searched(false)
      yield* dataset.commit(yield* forgettingBatch(state, whom, settings.timestamp ?? (yield* DateTime.now)))
      const after = yield* searched(false)
      const traces = { removed: [...new Set([...before.removed, ...after.removed])], left: after.left }
      const forgotten = forgottenIn(state).length + people.length + whom.unknown.length
      const lines = [
        `${count(people.length, "name")} and ${count(ratings, "rating")} are gone from ${storage.place}. Runs, refreshes and imports leave them out from now on (${count(forgotten, "member")} in all).`,
        ...wordsOf(traces, "Removed beside the dataset"),
        "Exports, copies and backups that were made before still hold the member."
      ]
      yield* screen.out(`${lines.join("\n")}\n`)
    }).pipe(Effect.scoped, Effect.provide(layer))
  }).pipe(
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      StorageError: (error) => endWithError(error, { command: "forget", flags })
    })
  )
