/**
 * Exports: into a layout of files, or into another storage, with a data card.
 *
 * @since 0.1.0
 */
import { FileSystem, Path } from "@effect/platform"
import {
  datasetAsOf,
  forgottenIn,
  withoutForgotten,
  loadWhole,
  membersIn,
  type ProcessTable,
  type RatingsStorage,
  readWhole,
  type StorageError,
  type UserId,
  type Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import {
  checkNotWithin,
  freeName,
  makeFolder,
  replaceFolder,
  stamp,
  syncFolder,
  writeNew
} from "@letterboxd-ratings/storage-folder"
import { type Context, DateTime, Effect, type Redacted, Stream } from "effect"
import { fileColumn } from "./ColumnMeanings.ts"
import { dataCard, dataCardName } from "./DataCard.ts"
import { changesSince } from "./EarlierExport.ts"
import { anonymised, type ExportedDataset, type ExportedPart, withNames } from "./ExportedDataset.ts"
import { describeFolder, type ExportedFile, failures, type FileColumn, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { type NumbersElsewhere, withNumbersElsewhere } from "./NumbersElsewhere.ts"
import { onlyMember } from "./OneMember.ts"
import { type Preparation, prepared, withPartsAndIndexes } from "./Preparation.ts"
import { tallied } from "./RatingTally.ts"
import type { Timestamps } from "./RatingTimes.ts"

type Storage = Context.Tag.Service<RatingsStorage>
type Files = FileSystem.FileSystem | Path.Path

/**
 * Where an export goes, what happens to existing files there, and which tool wrote it (for the data card). With `asOf`, the
 * dataset is exported as it was at that time.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportOptions {
  readonly folder: string
  readonly existing: "refuse" | "set-aside"
  readonly tool: string
  readonly asOf?: DateTime.Utc
}

/**
 * The options of an export of files. `timestamps` (`rated` if it is absent) says which times layouts with a column for them
 * write; with `salt`, names are left out; with `preparation`, what it says is done first; with `member`, everybody else is left
 * out; `numbers` are for films whose numbers at TMDB and IMDb the dataset does not have.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportFilesOptions extends ExportOptions {
  readonly salt?: Redacted.Redacted
  readonly timestamps?: Timestamps
  readonly preparation?: Preparation
  readonly member?: Username
  readonly numbers?: NumbersElsewhere
}

/**
 * What was exported; `notes` are sentences about what opening the original changed in it, and about its preparation. `parts`
 * says how many ratings are in the parts of a split.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportReport {
  readonly users: number
  readonly films: number
  readonly ratings: number
  readonly parts?: ReadonlyArray<{ readonly name: ExportedPart["name"]; readonly rows: number }>
  readonly notes: ReadonlyArray<string>
}

/** Members who asked to be left out are in no layout. */
const leftOutOf = <A extends WholeDataset>(whole: A) => {
  const { length } = forgottenIn(whole.state)
  return {
    whole: { ...whole, state: withoutForgotten(whole.state) },
    notes: length === 0 ? [] : [`${length} ${length === 1 ? "member" : "members"} asked to be left out.`]
  }
}

/** The dataset to export, and what there is to say of it as it was at an earlier time. */
const wholeOf = (from: Storage, asOf: DateTime.Utc | undefined) =>
  Effect.gen(function* () {
    const whole = yield* readWhole(from)
    if (asOf === undefined) return { ...whole, cardNotes: new Array<string>() }
    const then = yield* datasetAsOf(whole, asOf, { storage: from.name, place: from.place })
    return {
      ...then,
      notes: whole.notes,
      cardNotes: [
        `The dataset as it was at ${DateTime.formatIso(asOf)}: the members read by then, with their ratings at that time. Titles and slugs of films are those of today.`
      ]
    }
  })

const reportOf = ({ notes, state }: WholeDataset & { readonly notes: ReadonlyArray<string> }): ExportReport => ({
  users: membersIn(state),
  films: state.films.size,
  ratings: state.ratings,
  notes
})

/** What cannot be done, before anything is read. */
const checkOptions = ({ canHaveIndexes, isOfOneMember = false, name }: ExportFormat, options: ExportFilesOptions) => {
  const { folder, member, preparation, salt } = options
  const { contiguous = false, split } = preparation ?? {}
  const problems: ReadonlyArray<readonly [isThere: boolean, problem: string]> = [
    [
      (isOfOneMember || member !== undefined) && salt !== undefined,
      "the ratings of one member show who it is, so they cannot be anonymous. Export them with the name, or all members"
    ],
    [
      isOfOneMember && member === undefined,
      `the layout ${name} is for the ratings of one member. Name the member, or choose another layout`
    ],
    [
      isOfOneMember && preparation !== undefined,
      `the layout ${name} has no k-core, split or indexes. Leave them out, or choose another layout`
    ],
    [
      contiguous && canHaveIndexes !== true,
      `the layout ${name} has no indexes in the place of ids. Choose another layout`
    ],
    [
      split?._tag === "time" && salt !== undefined,
      "an anonymous export has no days of ratings, so it cannot be split by time. Choose another split"
    ]
  ]
  const problem = problems.find(([isThere]) => isThere)?.[1]
  return problem === undefined ? Effect.void : failures.storageError("InvalidOption", folder, problem)
}

/** The files that say whose the indexes are. */
const writeIndexes = (folder: string, { indexes, usernames }: ExportedDataset) =>
  Effect.gen(function* () {
    if (indexes === undefined) return []
    const table = (name: string, about: string, columns: ReadonlyArray<FileColumn>, lines: ReadonlyArray<string>) =>
      Effect.map(
        writeFile(
          folder,
          name,
          `${columns.map((column) => column.name).join(",")}\n`,
          Stream.succeed({ text: lines.join(""), rows: lines.length })
        ),
        (file) => ({ ...file, about, columns })
      )
    const names = (id: UserId) => (usernames === undefined ? "" : `,${usernames.get(id) ?? ""}`)
    const index = (of: string) => fileColumn("index", "integer", `The number of the ${of} in this export, from 0.`)
    return [
      yield* table(
        "users.index.csv",
        "Whose the indexes of members are.",
        [
          index("member"),
          fileColumn("userId", "integer"),
          ...(usernames === undefined ? [] : [fileColumn("username", "text")])
        ],
        Array.from(indexes.users, ([id, number]) => `${number},${id}${names(id)}\n`)
      ),
      yield* table(
        "films.index.csv",
        "Whose the indexes of films are.",
        [index("film"), fileColumn("filmId", "integer", "Letterboxd's own number of the film.")],
        Array.from(indexes.films, ([id, number]) => `${number},${id}\n`)
      )
    ]
  })

/** Every rating must be in the file it belongs to. */
const checkRows = (
  folder: string,
  state: WholeDataset["state"],
  { parts }: Pick<ExportedDataset, "parts">,
  files: ReadonlyArray<ExportedFile>
) => {
  const sum = (rows: ReadonlyArray<number>) => rows.reduce((all, some) => all + some, 0)
  const ratings = files.map((file) => file.ratings ?? 0)
  const expected = parts?.map(({ rows }) => rows) ?? [state.ratings]
  const written = parts?.map((_, i) => ratings[i] ?? 0) ?? [sum(ratings)]
  return sum(expected) === state.ratings && expected.every((rows, i) => rows === written[i])
    ? Effect.void
    : failures.storageError(
        "Damaged",
        folder,
        `${written.join(" and ")} ratings were written where the dataset has ${state.ratings}. Nothing was exported`
      )
}

/**
 * Writes a dataset as files of a format, with a data card; with `salt`, without names. A failed export leaves no folder.
 * Every row is counted: if one is missing, nothing is exported, and the error reports it. With a preparation, all ratings
 * are held in memory (see `Preparation`); one that cannot be done fails with `InvalidOption`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const exportFiles = (
  from: Storage,
  format: ExportFormat,
  options: ExportFilesOptions
): Effect.Effect<ExportReport, StorageError, Files | ProcessTable> =>
  Effect.gen(function* () {
    const { asOf, existing, folder, member, numbers, preparation, salt, timestamps = "rated", tool } = options
    yield* checkOptions(format, options)
    const { notes: leftOut, whole: own } = leftOutOf(yield* wholeOf(from, asOf))
    const { note, whole: everybody } =
      numbers === undefined ? { note: undefined, whole: own } : withNumbersElsewhere(own, numbers)
    const sinceLast =
      salt === undefined && existing === "set-aside" ? yield* changesSince(folder, everybody) : undefined
    const all = member === undefined ? everybody : yield* onlyMember(everybody, member, from.place)
    return yield* replaceFolder(
      failures,
      folder,
      { existing, mark: dataCardName, keep: [from.place] },
      ({ folder: staging, notes: leftovers }) =>
        Effect.gen(function* () {
          const { notes: losses, whole } =
            preparation === undefined ? { notes: [], whole: all } : yield* prepared(all, preparation, folder)
          const { ratings, tally } = tallied(whole.ratings, whole.state.ratings)
          const exported =
            salt === undefined ? withNames({ ...whole, ratings }) : yield* anonymised({ ...whole, ratings }, salt)
          const { dataset, notes: additions } = yield* withPartsAndIndexes(exported, preparation ?? {}, {
            place: folder,
            withValidation: format.needsValidation === true
          })
          const layout = yield* format.write(staging, dataset, timestamps)
          yield* checkRows(folder, whole.state, dataset, layout)
          const changes = [...(note === undefined ? [] : [note]), ...losses, ...additions]
          const files = [...layout, ...(yield* writeIndexes(staging, dataset))]
          const card = dataCard({
            ...whole,
            files,
            tally: tally(),
            format: format.name,
            notes: [
              ...format.notes(timestamps, dataset.indexes !== undefined),
              ...changes,
              ...whole.cardNotes,
              ...leftOut
            ],
            isAnonymous: salt !== undefined,
            tool,
            ...(asOf === undefined ? {} : { asOf }),
            ...(sinceLast === undefined ? {} : { sinceLast })
          })
          yield* writeCard(staging, card)
          const path = yield* Path.Path
          for (const { name, text } of format.copiesOfCard?.(card, files, dataset) ?? [])
            yield* writeNew(failures, path.join(staging, name), text)
          yield* syncFolder(failures, staging)
          return {
            ...reportOf({ ...whole, notes: [...leftovers, ...whole.notes, ...changes] }),
            ...(dataset.parts === undefined ? {} : { parts: dataset.parts.map(({ name, rows }) => ({ name, rows })) })
          }
        })
    )
  }).pipe(
    Effect.scoped,
    Effect.withSpan("Export.files", { attributes: { format: format.name, folder: options.folder } })
  )

/**
 * Copies a dataset into another storage, with a data card in `folder`. With `listFiles`, for a storage of files in this
 * folder, the card lists them. The whole dataset is committed at once, or not at all.
 *
 * @since 0.1.0
 * @category constructors
 */
export const exportToStorage = (
  from: Storage,
  to: Storage,
  { asOf, existing, folder, listFiles, tool }: ExportOptions & { readonly listFiles: boolean }
): Effect.Effect<ExportReport, StorageError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const cardPlace = (yield* Path.Path).join(folder, dataCardName)
    if (existing === "refuse" && (yield* failures.about(cardPlace)(fs.exists(cardPlace)))) {
      return yield* failures.storageError("AlreadyThere", cardPlace, "a data card is there already", {
        remedy: { _tag: "SetAside" }
      })
    }
    yield* checkNotWithin(failures, to.place, [from.place])
    const whole = yield* wholeOf(from, asOf)
    const { ratings, tally } = tallied(whole.ratings, whole.state.ratings)
    const receipt = yield* loadWhole({ ...whole, ratings }, to, existing)
    if (receipt.ratings !== whole.state.ratings) {
      return yield* failures.storageError(
        "Damaged",
        to.place,
        `it says it holds ${receipt.ratings} ratings where ${whole.state.ratings} were given to it. Do not use it`
      )
    }
    yield* makeFolder(failures, folder)
    const files = !listFiles ? [] : (yield* describeFolder(folder)).filter(({ name }) => name !== dataCardName)
    const card = dataCard({
      ...leftOutOf(whole).whole,
      files,
      tally: tally(),
      format: to.name,
      notes: whole.cardNotes,
      isAnonymous: false,
      tool,
      ...(asOf === undefined ? {} : { asOf })
    })
    yield* writeCard(folder, card)
    return reportOf(whole)
  }).pipe(Effect.scoped, Effect.withSpan("Export.storage", { attributes: { storage: to.name, folder } }))

/** Writes the card. One that is there already is set aside: it may tell of another dataset, or be somebody's own. */
const writeCard = (folder: string, card: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const place = path.join(folder, dataCardName)
    if (yield* failures.about(place)(fs.exists(place))) {
      const aside = yield* freeName(failures, `${place}.bak-${stamp(yield* DateTime.now)}`)
      yield* failures.about(aside)(fs.rename(place, aside))
    }
    yield* writeNew(failures, place, card)
    yield* syncFolder(failures, folder)
  })
