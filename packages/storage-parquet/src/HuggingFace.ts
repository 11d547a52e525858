/**
 * A dataset as Hugging Face takes it: Parquet files, and a README.md that says what they are. A layout for `lb export`.
 *
 * @since 0.1.0
 */
import { Path } from "@effect/platform"
import {
  type Cell,
  cellThrough,
  type Film,
  type Member,
  rowTables,
  stateTables,
  type StorageError,
  type StoredType
} from "@letterboxd-ratings/core"
import {
  type ExportedDataset,
  type ExportedFile,
  type ExportFormat,
  fileColumn,
  ofRatings,
  ofWatched,
  writeParts
} from "@letterboxd-ratings/export"
import { makeFolder, syncFolder } from "@letterboxd-ratings/storage-folder"
import { Effect, Stream } from "effect"
import { rowColumn } from "./ParquetColumns.ts"
import { writeParquet } from "./ParquetFile.ts"
import { inColumns, ratingsInColumns } from "./ParquetTables.ts"
import { failures } from "./StorageFailure.ts"

/** A column of a file: where its value is in a row, and what it is called. */
type NamedCell<Row> = Cell<Row> & { readonly name: string }

/** What the Datasets library calls the types of these columns. */
const dtypes: Readonly<Partial<Record<StoredType, string>>> = {
  integer: "int32",
  stars: "float64",
  boolean: "bool",
  text: "string",
  instant: "timestamp[us, tz=UTC]",
  day: "date32"
}

/** What is told of members, in this order. */
const memberColumns = [
  "user_id",
  "username",
  "state",
  "read_at",
  "films",
  "stated_films",
  "ratings",
  "source",
  "proof"
] as const

/** A list that was read at a time that nobody knows says so with 1970, where a file has no value. */
const withoutUnknownTime = (member: Member): Member => {
  if (member.readAt === undefined || member.readAt.epochMillis !== 0) return member
  const { readAt: _, ...rest } = member
  return rest
}

const columnsOfMembers = ({ keeps }: ExportedDataset): ReadonlyArray<NamedCell<Member>> => {
  const all = stateTables.members.columns(keeps)
  return memberColumns.flatMap((name) => {
    const column = all.find((one) => one.name === name)
    return column === undefined ? [] : [{ ...cellThrough(column, withoutUnknownTime), name }]
  })
}

const told = (columns: ReadonlyArray<NamedCell<never>>) => columns.map(({ name, type }) => fileColumn(name, type))

/** The file of a configuration, in the folder that the README.md names. */
const fileOf = (config: string): string => `data/${config}.parquet`

/** The names of the parts of a split there. */
const splitNames = { train: "train", valid: "validation", test: "test" } as const

/** How many ratings there are, in the words that Hugging Face knows. */
const sizeCategory = (ratings: number): string => {
  const steps = ["1K", "10K", "100K", "1M", "10M", "100M", "1B"]
  const at = steps.findIndex((_, i) => ratings < 10 ** (i + 3))
  return at === 0 ? "n<1K" : `${steps[at - 1] ?? "1B"}<n<${steps[at] ?? "10B"}`
}

type Yaml = string | boolean | ReadonlyArray<Yaml> | { readonly [name: string]: Yaml }

/** Lines of YAML. A text stands as in JSON, which YAML reads as the same text; names are plain words. */
const yamlLines = (value: Yaml): ReadonlyArray<string> => {
  const indented = (lines: ReadonlyArray<string>, first: string) =>
    lines.map((line, i) => `${i === 0 ? first : "  "}${line}`)
  if (typeof value !== "object") return [JSON.stringify(value)]
  if (Array.isArray(value)) return value.flatMap((one: Yaml) => indented(yamlLines(one), "- "))
  const lines: Array<string> = []
  for (const [name, one] of Object.entries(value)) {
    if (typeof one === "object") lines.push(`${name}:`, ...indented(yamlLines(one), "  "))
    else lines.push(`${name}: ${JSON.stringify(one)}`)
  }
  return lines
}

/** The name of a configuration, which is that of its file without the part of a split. */
const configOf = ({ name }: ExportedFile): string => name.replace(/^data\//u, "").replace(/\..*$/u, "")

const readme = (
  card: string,
  files: ReadonlyArray<ExportedFile>,
  { parts = [] }: Pick<ExportedDataset, "parts">
): string => {
  const splitOf = new Map(files.map(({ name }, i) => [name, splitNames[parts[i]?.name ?? "train"]]))
  const configs = [...new Set(files.map(configOf))].map((config) => ({
    config,
    files: files.filter((file) => configOf(file) === config)
  }))
  const ratings = files.reduce((sum, file) => sum + (file.ratings ?? 0), 0)
  const front = {
    pretty_name: "Letterboxd film ratings",
    license: "unknown",
    size_categories: [sizeCategory(ratings)],
    task_categories: ["tabular-regression"],
    tags: ["letterboxd", "movies", "ratings", "recommendation", "collaborative-filtering"],
    configs: configs.map(({ config, files: ofConfig }) => ({
      config_name: config,
      ...(config === "ratings" ? { default: true } : {}),
      data_files: ofConfig.map(({ name }) => ({ split: splitOf.get(name) ?? "train", path: name }))
    })),
    dataset_info: configs.map(({ config, files: [file] }) => ({
      config_name: config,
      features: (file?.columns ?? []).map(({ name, type }) => ({ name, dtype: dtypes[type] ?? type }))
    }))
  }
  return `---\n${yamlLines(front).join("\n")}\n---\n\n${card}`
}

/**
 * `data/ratings.parquet` (user_id, film_id, rating, and what else is kept of ratings), in the order of the dataset,
 * `data/films.parquet`, `data/users.parquet` (not in an anonymous export), `data/watched.parquet` if the dataset keeps films
 * without a rating, and a `README.md` that tells Hugging Face what they are, with the data card. Holds two row groups in
 * memory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const huggingFace: ExportFormat = {
  name: "huggingface",
  notes: () => [
    "Join the files by `user_id` and `film_id`. What is not known is null.",
    "Ratings have no time of reading: `read_at` in `users.parquet` is when the member's list was read.",
    "`README.md` repeats this card for Hugging Face. Before you publish it, state a licence there if you have one."
  ],
  write: (folder, dataset) =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const { films, keeps, members, watched } = dataset
      const data = path.join(folder, "data")
      yield* makeFolder(failures, data)
      const write = <Row>(
        name: string,
        columns: ReadonlyArray<NamedCell<Row>>,
        rows: Stream.Stream<Row, StorageError>
      ) => {
        const stored = columns.map(rowColumn<Row>)
        return writeParquet(folder, name, stored, inColumns(rows)(stored))
      }
      const table = <Row>(
        name: string,
        about: string,
        columns: ReadonlyArray<NamedCell<Row>>,
        rows: ReadonlyArray<Row>
      ) =>
        Effect.map(write(fileOf(name), columns, Stream.fromIterable(rows)), (file) => ({
          ...file,
          about,
          columns: told(columns)
        }))
      const ratingColumns = rowTables.ratings.columns(keeps)
      const storedRating = ratingColumns.map((column) => rowColumn(column))
      const watchedColumns = rowTables.watched.columns(keeps)
      const files = [
        ...(yield* writeParts(dataset, "data/ratings", "parquet", (name, ratings) =>
          ofRatings(
            writeParquet(folder, name, storedRating, ratingsInColumns(ratings)(storedRating)),
            told(ratingColumns)
          )
        )),
        yield* table<Film>(
          "films",
          "Films.",
          stateTables.films.columns(keeps),
          [...films.values()].toSorted((one, other) => one.id - other.id)
        ),
        ...(members === undefined
          ? []
          : [yield* table("users", "Members, with or without ratings.", columnsOfMembers(dataset), members)]),
        ...(watched === undefined
          ? []
          : [yield* ofWatched(write(fileOf("watched"), watchedColumns, watched), told(watchedColumns))])
      ]
      yield* syncFolder(failures, data)
      return files
    }),
  copiesOfCard: (card, files, dataset) => [{ name: "README.md", text: readme(card, files, dataset) }]
}
