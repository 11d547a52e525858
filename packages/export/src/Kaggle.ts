/**
 * A dataset as Kaggle takes it: the files of MovieLens, and a file that says what is in them.
 *
 * @since 0.1.0
 */
import type { StoredType } from "@letterboxd-ratings/core"
import { dataCardName } from "./DataCard.ts"
import type { ExportedFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { movieLens } from "./MovieLens.ts"

/** What Kaggle calls types. */
const types: Readonly<Record<StoredType, string>> = {
  integer: "integer",
  stars: "decimal",
  boolean: "boolean",
  text: "string",
  instant: "datetime",
  day: "datetime",
  integers: "string",
  texts: "string",
  counts: "string"
}

/** Kaggle's program refuses to upload a dataset with this slug, so nothing is published under a name that nobody chose. */
const placeholder = "INSERT_YOUR_KAGGLE_NAME_HERE/INSERT_SLUG_HERE"

const resourceOf = ({ about, columns = [], name }: ExportedFile) => ({
  path: name,
  description: about ?? "",
  // Kaggle wants all columns, in their order.
  schema: {
    fields: columns.map((column) => ({
      name: column.name,
      title: column.description,
      description: column.description,
      type: types[column.type]
    }))
  }
})

const metadata = (card: string, files: ReadonlyArray<ExportedFile>): string =>
  `${JSON.stringify(
    {
      title: "Letterboxd film ratings",
      subtitle: "Ratings of films by members of Letterboxd, in the layout of MovieLens",
      description: card,
      id: placeholder,
      // The names that Kaggle knows are licences, and `unknown`.
      licenses: [{ name: "unknown" }],
      keywords: ["movies and tv shows", "recommender systems"],
      resources: [
        ...files.map(resourceOf),
        { path: dataCardName, description: "What is in this dataset, in numbers, and what to know before it is used." }
      ]
    },
    null,
    2
  )}\n`

/**
 * The files of `movieLens`, and a `dataset-metadata.json` that describes each file and column. Its `id` is a placeholder,
 * which Kaggle's program refuses until the user has put a name there. Costs what `movieLens` does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const kaggle: ExportFormat = {
  ...movieLens,
  name: "kaggle",
  notes: (...of) => [
    ...movieLens.notes(...of),
    `\`dataset-metadata.json\` is for \`kaggle datasets create\`. Before that, write your Kaggle name and a name for the dataset in its \`id\` instead of \`${placeholder}\`, and state a licence if you have one.`
  ],
  copiesOfCard: (card, files) => [{ name: "dataset-metadata.json", text: metadata(card, files) }]
}
