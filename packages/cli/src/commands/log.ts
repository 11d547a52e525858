/**
 * `lb log`: when members were read, and what each reading changed.
 *
 * @since 0.1.0
 */
import {
  displayName,
  formatRating,
  type LoggedReading,
  loggedReadings,
  type RatingChange,
  type UserId,
  whatMemberWaitsFor,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { DateTime, Effect, Either, Stream } from "effect"
import { memberNamed } from "../options/MemberName.ts"
import { memberOf } from "../inspect/MemberOf.ts"
import { type Flags, resolveSettings } from "../options/Settings.ts"
import { stateWords, waitingWords } from "../inspect/StateWords.ts"
import { count } from "../progress/RunWords.ts"
import { Screen } from "../Screen.ts"
import { datasetToShow } from "../ShownDataset.ts"
import { grouped, printable } from "../Shown.ts"
import { endWith, endWithError, endWithInvalid } from "../CommandEnding.ts"

/** What was changed by the readings that were committed at a time. */
interface Differences {
  added: number
  changed: number
  removed: number
}

const noDifferences = (): Differences => ({ added: 0, changed: 0, removed: 0 })

const add = (differences: Differences, { after, before }: RatingChange): void => {
  if (before === undefined) differences.added += 1
  else if (after === undefined) differences.removed += 1
  else differences.changed += 1
}

const differenceWords = ({ added, changed, removed }: Differences): ReadonlyArray<string> =>
  [
    added === 0 ? "" : `${count(added, "rating")} added`,
    changed === 0 ? "" : `${grouped(changed)} changed`,
    removed === 0 ? "" : `${grouped(removed)} removed`
  ].filter((words) => words !== "")

/** What a reading found: the state of the list, and why it waits. */
const readingWords = (reading: LoggedReading): string => {
  const waits = whatMemberWaitsFor(reading)
  return [
    `${stateWords[reading.state]}${reading.renamedTo === undefined ? "" : ` to ${reading.renamedTo}`}`,
    ...(waits === undefined ? [] : [waitingWords[waits]]),
    count(reading.ratings, "rating"),
    ...(reading.source === undefined ? [] : [`from ${reading.source}`])
  ].join(", ")
}

const timeOf = (at: DateTime.Utc): string => (at.epochMillis === 0 ? "unknown time" : DateTime.formatIso(at))

/** One line for each time at which readings were committed. */
const logOfAll = (whole: WholeDataset) =>
  Effect.gen(function* () {
    const commits = new Map<number, { readonly at: DateTime.Utc; readonly states: Map<string, number> } & Differences>()
    yield* Stream.runForEach(loggedReadings(whole), ({ at, state }) =>
      Effect.sync(() => {
        const commit = commits.get(at.epochMillis) ?? { at, states: new Map<string, number>(), ...noDifferences() }
        commits.set(at.epochMillis, commit)
        commit.states.set(state, (commit.states.get(state) ?? 0) + 1)
      })
    )
    yield* Stream.runForEach(whole.changes, (change) =>
      Effect.sync(() => {
        const commit = commits.get(change.at.epochMillis)
        if (commit !== undefined) add(commit, change)
      })
    )
    return [...commits.values()]
      .toSorted((one, other) => one.at.epochMillis - other.at.epochMillis)
      .map(({ at, states, ...differences }) => {
        const members = [...states.values()].reduce((sum, n) => sum + n, 0)
        const kinds = Object.entries(stateWords).flatMap(([state, words]) => {
          const n = states.get(state)
          return n === undefined ? [] : [`${grouped(n)} ${words}`]
        })
        return {
          line: `${timeOf(at)}  ${[`${count(members, "member")} read (${kinds.join(", ")})`, ...differenceWords(differences)].join(", ")}`,
          json: { at: DateTime.formatIso(at), members, states: Object.fromEntries(states), ...differences }
        }
      })
  })

/** The readings of one member, each with what it changed. */
const logOfMember = (whole: WholeDataset, userId: UserId) =>
  Effect.gen(function* () {
    const readings = new Array<LoggedReading>()
    yield* Stream.runForEach(loggedReadings(whole), (reading) =>
      Effect.sync(() => {
        if (reading.userId === userId) readings.push(reading)
      })
    )
    const changes = new Map<number, Array<RatingChange>>()
    yield* Stream.runForEach(whole.changes, (change) =>
      Effect.sync(() => {
        if (change.userId !== userId) return
        const together = changes.get(change.at.epochMillis)
        if (together === undefined) changes.set(change.at.epochMillis, [change])
        else together.push(change)
      })
    )
    const filmOf = (change: RatingChange): string => {
      const film = whole.state.films.get(change.filmId)
      return film === undefined ? `film ${change.filmId}` : printable(displayName(film))
    }
    return readings.map((reading) => {
      const found = changes.get(reading.at.epochMillis) ?? []
      const differences = noDifferences()
      for (const change of found) add(differences, change)
      const lines = found.map((change) => {
        const { after, before } = change
        const stars = [before, after]
          .flatMap((rating) => (rating === undefined ? [] : [formatRating(rating)]))
          .join(" → ")
        return `    ${before === undefined ? "+" : after === undefined ? "-" : "~"} ${filmOf(change)}: ${stars}`
      })
      const head = `${timeOf(reading.at)}  ${[`${reading.username}: ${readingWords(reading)}`, ...differenceWords(differences)].join(", ")}`
      const { userId: _, ...facts } = reading
      return {
        line: [head, ...lines].join("\n"),
        json: {
          ...facts,
          at: DateTime.formatIso(reading.at),
          readAt: DateTime.formatIso(reading.readAt),
          ...differences,
          changes: found.map(({ after, before, filmId }) => ({ filmId, before, after }))
        }
      }
    })
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const log = (name: string | undefined, flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const username = name === undefined ? undefined : memberNamed(name)
    if (username !== undefined && Either.isLeft(username)) return yield* endWith(1, username.left)
    const whole = yield* datasetToShow(settings)
    const userId = username === undefined ? undefined : yield* memberOf(whole, username.right)
    if (username !== undefined && userId === undefined)
      return yield* endWith(1, `The dataset has no member ${username.right}. Check the name.`)
    const entries = userId === undefined ? yield* logOfAll(whole) : yield* logOfMember(whole, userId)
    for (const { json, line } of entries) yield* screen.out(`${settings.json ? JSON.stringify(json) : line}\n`)
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      StorageError: (error) => endWithError(error, { command: "log", flags })
    })
  )
