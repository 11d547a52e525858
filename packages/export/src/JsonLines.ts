/**
 * One JSON object a line, complete in itself.
 *
 * @since 0.1.0
 */
import type { EncodedRating } from "@letterboxd-ratings/core"
import { writeParts } from "./ExportedDataset.ts"
import { fileColumn } from "./ColumnMeanings.ts"
import { linesOfBlocks, ofRatings, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { type RatingColumn, ratingColumns } from "./RatingColumns.ts"

type Text = (rating: EncodedRating) => string

/** Makes each text once. */
const rememberedBy = <Key>(keyOf: (rating: EncodedRating) => Key, text: Text): Text => {
  const known = new Map<Key, string>()
  return (rating) => {
    const key = keyOf(rating)
    const before = known.get(key)
    if (before !== undefined) return before
    const made = text(rating)
    known.set(key, made)
    return made
  }
}

/** Remembers the last text: rows of a member mostly stand together. */
const ofOneMember = (text: Text): Text => {
  let last: EncodedRating["userId"] | undefined
  let made = ""
  return (rating) => {
    if (rating.userId !== last) {
      last = rating.userId
      made = text(rating)
    }
    return made
  }
}

/** `"name":value` of a column. */
const property = ({ get, name }: RatingColumn): Text => {
  const beginning = `${JSON.stringify(name)}:`
  return (rating) => beginning + JSON.stringify(get(rating) ?? null)
}

/** The properties of columns that are of the same, which are made anew only where they change. */
const properties = (of: RatingColumn["of"], columns: ReadonlyArray<RatingColumn>): Text => {
  // Stars, days and likes: few of them are different.
  const texts = columns.map((column) =>
    of === "rating" ? rememberedBy<unknown>(column.get, property(column)) : property(column)
  )
  const [first, ...more] = texts
  const all: Text =
    first !== undefined && more.length === 0 ? first : (rating) => texts.map((text) => text(rating)).join(",")
  switch (of) {
    case "member":
      return ofOneMember(all)
    case "film":
      return rememberedBy(({ filmId }) => filmId, all)
    case "rating":
      return all
  }
}

/** A rating as a line. To make an object of each, and a text of each of its values, takes several times as long. */
export const lineOf = (columns: ReadonlyArray<RatingColumn>): Text => {
  const parts: Array<Text> = []
  for (let from = 0; from < columns.length;) {
    const of = columns[from]?.of ?? "rating"
    const after = columns.findIndex((column, i) => i > from && column.of !== of)
    const end = after === -1 ? columns.length : after
    parts.push(properties(of, columns.slice(from, end)))
    from = end
  }
  return (rating) => {
    let line = ""
    for (const part of parts) line += `${line === "" ? "{" : ","}${part(rating)}`
    return `${line}}\n`
  }
}

/**
 * `ratings.jsonl`: user_id, username, film_id, film_slug, film_title, film_year, rating, and what else the dataset keeps.
 * What is not known is `null`; an anonymous export has no `username`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const jsonLines: ExportFormat = {
  name: "jsonl",
  notes: () => ["`film_title` and `film_year` are `null` where the site's pages did not tell them."],
  write: (folder, dataset) => {
    const columns = ratingColumns(dataset)
    const told = columns.map(({ name, type }) => fileColumn(name, type))
    return writeParts(dataset, "ratings", "jsonl", (name, ratings) =>
      ofRatings(writeFile(folder, name, "", linesOfBlocks(ratings, lineOf(columns))), told)
    )
  }
}
