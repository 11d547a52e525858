/**
 * The way of what an import source tells into a dataset, batch by batch.
 *
 * @since 0.1.0
 * @module
 */
import { DateTime, Effect, Stream } from "effect"
import type { Keep, Keeps } from "../dataset/Column.ts"
import { forgottenIn, isForgottenIn, membersIn } from "../dataset/Forgotten.ts"
import { RatingsStorage } from "../dataset/RatingsStorage.ts"
import type { StorageError } from "../dataset/StorageError.ts"
import { ImportError } from "./ImportError.ts"
import {
  ImportFinished,
  ImportStarted,
  type ImportEvent,
  type ImportReport,
  ImportNoted,
  InputFound,
  InputProgress,
  InputRead,
  InputRefused
} from "./ImportReport.ts"
import { type AsideRow, type ImportedMember, ImportItem, ImportSource } from "./ImportSource.ts"
import { makeIntake } from "./BatchIntake.ts"
import type { Username } from "../domain/Member.ts"

/**
 * Where ratings go whose films have no known number. `put` adds some; `finish` is called once, when all members are
 * committed, and puts all of them in the place of what was there before.
 *
 * @since 0.1.0
 * @category models
 */
export interface RatingsAside {
  readonly put: (rows: ReadonlyArray<AsideRow>) => Effect.Effect<void, StorageError>
  readonly finish: Effect.Effect<void, StorageError>
}

/**
 * The options of an import. `existing` is what a `new` import does with an existing dataset. `keep` is what the dataset
 * keeps from now on, in addition to what it keeps already; a new dataset also keeps what its source provides.
 * With `isDryRun` nothing is written. `timestamp` is written instead of the time of each commit, for reproducible bytes.
 * `rowsInABatch` bounds the memory; a member is always committed as a whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImportRequest {
  readonly mode: "new" | "continue"
  readonly existing: "refuse" | "set-aside"
  readonly isDryRun: boolean
  readonly keep?: Iterable<Keep>
  readonly timestamp?: DateTime.Utc
  readonly aside?: RatingsAside
  readonly rowsInABatch?: number
  readonly membersInABatch?: number
}

/**
 * Imports all that the source in the context tells into the dataset of the storage in the context, and returns the report.
 * `tell` is called with each event, one after the other. Members are committed in the order of the source.
 *
 * It fails if the storage fails, or with an error of the source if nothing can be imported. An input that is refused does
 * not stop the others; the report lists it. Interrupting keeps what was committed; a commit in progress is finished first.
 *
 * Costs memory for a batch of members, besides users and films; and a reading of the dataset's rows for each batch with
 * members that the dataset knows.
 *
 * @since 0.1.0
 * @category constructors
 */
export const report = <E = never, R = never>(
  request: ImportRequest,
  tell: (event: ImportEvent) => Effect.Effect<void, E, R> = () => Effect.void
): Effect.Effect<ImportReport, E | ImportError | StorageError, R | ImportSource | RatingsStorage> =>
  Effect.gen(function* () {
    const source = yield* ImportSource
    const storage = yield* RatingsStorage
    const dataset = yield* storage.open(
      request.mode === "new" ? { _tag: "new", existing: request.existing } : { _tag: "continue" }
    )
    const startedAt = yield* DateTime.now
    const keeps: Keeps = new Set([
      ...dataset.state.keeps,
      ...(request.keep ?? []),
      ...(request.mode === "new" ? source.keeps : []),
      "provenance" as const
    ])
    const lacksDays = source.keeps.includes("rated_on") && !keeps.has("rated_on")
    yield* tell(
      ImportStarted.make({
        mode: request.mode,
        storage: storage.name,
        place: storage.place,
        users: membersIn(dataset.state),
        ratings: dataset.state.ratings,
        isDryRun: request.isDryRun,
        notes: [
          ...dataset.notes,
          ...(lacksDays
            ? [
                "The inputs tell rated_on, which the dataset does not keep. It can from now on, if you ask for it (keep)."
              ]
            : [])
        ]
      })
    )
    const intake = makeIntake(dataset, keeps, request, tell)
    const inputs: Array<ImportReport["inputs"][number]> = []
    const refused: Array<ImportReport["refused"][number]> = []
    let aside = 0
    let leftOut = 0
    const leadToForgotten = new Set<Username>()
    const isForgotten = isForgottenIn(dataset.state)
    const hasForgotten = forgottenIn(dataset.state).length > 0
    const renamed: Array<{ readonly member: ImportedMember; readonly ledTo: ReadonlyArray<Username> }> = []
    const refuse = ({ message, place, reason }: ImportError) => {
      refused.push({ place, reason, message })
      return tell(InputRefused.make({ place, reason, message }))
    }
    const onItem: (item: ImportItem) => Effect.Effect<void, E | StorageError, R> = ImportItem.$match({
      Found: ({ kind, place, words }) => tell(InputFound.make({ place, kind, words })),
      Progress: ({ _tag, ...progress }) => tell(InputProgress.make(progress)),
      Member: ({ member }) =>
        Effect.gen(function* () {
          if (isForgotten(member.username)) {
            leftOut += 1
            return
          }
          const ledTo = hasForgotten ? namesLedTo(member) : []
          // Where the name leads in the end is known when all members are.
          if (ledTo.length > 0) return void renamed.push({ member, ledTo })
          const now = yield* DateTime.now
          return yield* member.readAt.epochMillis > now.epochMillis + millisOfADay
            ? refuse(ofTheFuture(member))
            : intake.add(member)
        }),
      Aside: ({ rows: all }) =>
        Effect.gen(function* () {
          const rows = all.filter(({ username }) => !isForgotten(username))
          aside += rows.length
          if (!request.isDryRun && request.aside !== undefined && rows.length > 0) yield* request.aside.put(rows)
        }),
      Read: ({ counts, kind, notes, place }) => {
        inputs.push({ place, kind, counts })
        return tell(InputRead.make({ place, kind, counts, notes }))
      },
      Refused: ({ error }) => refuse(error),
      Note: ({ _tag, ...note }) => tell(ImportNoted.make(note))
    })
    yield* Stream.runForEach(source.items({ idOf: intake.filmOf }), onItem)
    const leading = new Set<Username>()
    for (let size = -1; size !== leading.size;) {
      size = leading.size
      for (const { ledTo, member } of renamed)
        if (ledTo.some((name) => isForgotten(name) || leading.has(name))) leading.add(member.username)
    }
    for (const { member } of renamed) {
      if (!leading.has(member.username)) yield* intake.add(member)
      else if (intake.isKnown(member.username)) leadToForgotten.add(member.username)
      else leftOut += 1
    }
    yield* intake.commit
    if (!request.isDryRun && request.aside !== undefined) yield* request.aside.finish
    const result: ImportReport = {
      mode: request.mode,
      isDryRun: request.isDryRun,
      startedAt,
      finishedAt: yield* DateTime.now,
      inputs,
      refused,
      aside,
      ...(leftOut === 0 ? {} : { forgotten: leftOut }),
      ...(leadToForgotten.size === 0 ? {} : { leadToForgotten: [...leadToForgotten] }),
      ...intake.account()
    }
    yield* tell(ImportFinished.make({ report: result }))
    return result
  }).pipe(Effect.scoped, Effect.withSpan("Import.report"))

/** The names to which saved pages say that a member's name leads. */
const namesLedTo = ({ list }: ImportedMember): ReadonlyArray<Username> =>
  list._tag === "Pages" ? list.parts.flatMap(({ content }) => (content._tag === "Renamed" ? [content.to] : [])) : []

const millisOfADay = 86_400_000

/** A list that claims to be newer than now would keep all later ones out. */
const ofTheFuture = ({ place, readAt, username }: ImportedMember) =>
  new ImportError({
    reason: "Invalid",
    place,
    detail: `the list of ${username} is dated ${DateTime.formatIsoDateUtc(readAt)}, which is in the future`,
    advice: "Correct the date of the file, or the clock of this machine, and import it again."
  })
