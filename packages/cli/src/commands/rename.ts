/**
 * `lb rename`: tells a dataset that a member has another name now.
 *
 * @since 0.1.0
 */
import {
  areReadAgain,
  heldRowsOf,
  isForgottenIn,
  isFormerName,
  mayBeOneMember,
  noHeldRows,
  RatingsStorage,
  renamingMembers,
  wordsOfRename
} from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { DateTime, Effect, Predicate } from "effect"
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"
import { namesOf } from "../NamesFile.ts"
import { type Flags, folderOf, resolveSettings } from "../options/Settings.ts"
import { storageOf } from "../plugins/Storages.ts"
import { count } from "../progress/RunWords.ts"
import { Screen } from "../Screen.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const rename = (words: ReadonlyArray<string>, flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const [from, to, ...others] = yield* namesOf(words, undefined)
    if (from === undefined || to === undefined || others.length > 0)
      return yield* endWith(
        1,
        "Two names are required: the old one and the new one. For example: lb rename davee david"
      )
    const layer = yield* storageOf(settings, yield* folderOf(settings), { memberFiles: true })
    yield* Effect.gen(function* () {
      const storage = yield* RatingsStorage
      const dataset = yield* storage.open({ _tag: "continue" })
      for (const note of dataset.notes) yield* screen.err(`${note}\n`)
      const { state } = dataset
      if (from === to) return yield* endWith(1, `Both names are ${from}. Nothing was changed.`)
      if (isForgottenIn(state)(to))
        return yield* endWith(
          1,
          `${to} is the name of a member who asked to be left out. Nothing was changed. If ${from} is the same person: lb forget ${from}`
        )
      const idFrom = state.users.get(from)
      const idTo = state.users.get(to)
      const before = state.members.get(from)
      const now = state.members.get(to)
      if (idFrom === undefined) return yield* endWith(1, `${from} is not in the dataset. Nothing was changed.`)
      if (before?.renamedTo === to && before.ratings === 0)
        return yield* screen.out(`The dataset has ${from} and ${to} as one member already.\n`)
      if (isFormerName(from, state.members))
        return yield* endWith(
          1,
          `${from} leads to ${before?.renamedTo ?? "another name"} already. Nothing was changed.`
        )
      const isFormer = isFormerName(to, state.members)
      if (idTo !== undefined && !isFormer && now?.state !== "sealed")
        return yield* endWith(
          1,
          `The list of ${to} is not complete. Nothing was changed. Complete it first: lb user ${to}`
        )
      const isOneList = idTo === undefined || isFormer
      const held = yield* heldRowsOf(dataset, [idFrom, idTo].filter(Predicate.isNotUndefined))
      const rowsFrom = held.get(idFrom) ?? noHeldRows
      const rowsTo = (idTo === undefined ? undefined : held.get(idTo)) ?? noHeldRows
      const shared = [...rowsFrom.ratings.keys()].filter((film) => rowsTo.ratings.has(film)).length
      const areAlike = mayBeOneMember(rowsFrom.ratings.keys(), rowsTo.ratings.keys())
      const plan = isOneList
        ? `${from} (${count(rowsFrom.ratings.size, "rating")}) gets the name ${to}`
        : `${from} (${count(rowsFrom.ratings.size, "rating")}) and ${to} (${count(rowsTo.ratings.size, "rating")}) become one member, with the ratings of ${to}. They share ${count(shared, "film")}${areAlike ? "" : ", which is less than half of the shorter list"}`
      if (!settings.yes) {
        const isSure = yield* screen.ask(`${plan}. Go on?`)
        if (!isSure) return yield* endWith(1, `${plan}. Nothing was changed. Add --yes to do it.`)
      }
      const committedAt = settings.timestamp ?? (yield* DateTime.now)
      const members = renamingMembers(state, { from, to }, isOneList ? rowsFrom : rowsTo, committedAt)
      const keeps = areReadAgain(state, members) ? (["changes"] as const) : []
      const receipt = yield* dataset.commit({ members, newFilms: [], changedFilms: [], keeps, committedAt })
      for (const note of receipt.notes ?? []) yield* screen.err(`${note}\n`)
      const dropped = isOneList ? 0 : rowsFrom.ratings.size - shared
      yield* screen.out(
        `${wordsOfRename({ from, to })}${dropped === 0 ? "" : ` ${count(dropped, "rating")} of ${from} that ${dropped === 1 ? "is" : "are"} not on the list of ${to} ${dropped === 1 ? "was" : "were"} removed.`}\n`
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  }).pipe(
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      StorageError: (error) => endWithError(error, { command: "rename", flags })
    })
  )
