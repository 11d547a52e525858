/**
 * The ratings as a table that a spreadsheet opens as it is meant.
 *
 * @since 0.1.0
 */
import { displayName, formatRating, type LinePiece, linesOfBlocks } from "@letterboxd-ratings/core"
import { writeParts } from "./ExportedDataset.ts"
import { fileColumn } from "./ColumnMeanings.ts"
import { ofRatings, writeFile } from "./ExportedFile.ts"
import type { ExportFormat } from "./ExportFormat.ts"
import { keptRatingColumns, textIn } from "./RatingColumns.ts"

/** Signs that begin a formula, in the width of East Asian text too. */
const formulaSigns = String.raw`=+\-@＝＋－＠`

/**
 * Where a formula could begin: with a cell, or behind a sign that some spreadsheets take for the end of one, spaces or
 * not between.
 */
const beginnings = new RegExp(String.raw`(^|[,;\t\r\n])(\s*)(?=[${formulaSigns}])`, "gu")

/** A tab or line end at the beginning of a cell is passed over by some spreadsheets, and what follows is read. */
const passedOver = /^(?=[\t\r\n])/u

const month =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"

/** Text that a spreadsheet takes for a number, a date, a time or a truth value: `007`, `1e5`, `12/12`, `sept2`, `true`. */
const values = new RegExp(
  String.raw`^\s*(?:[\d.,:/\s-]*\d[\d.,:/\s%-]*|\d[\d.,]*e[+-]?\d+|(?:\d{1,2}[\s./_-]*)?${month}[\s./_,-]*\d{0,4}|true|false)\s*$`,
  "iu"
)

/**
 * Text that a spreadsheet shows as it is: an apostrophe stands before what would become a formula, a number, a date or a
 * truth value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const asText = (text: string): string => {
  const harmless = text.replace(passedOver, "'").replace(beginnings, "$1$2'")
  return values.test(harmless) ? `'${harmless}` : harmless
}

/** In quotes always, so that nothing in it ends the cell. */
const cell = (text: string): string => `"${asText(text).replaceAll(`"`, `""`)}"`

/** A byte order mark: without one, spreadsheets take UTF-8 for an older encoding. */
const mark = "\uFEFF"

/**
 * `ratings.csv`: username, film_title, rating, and what else the dataset keeps of ratings, as in the translated file of a dataset, with a byte order mark and CR LF,
 * and no cell that is a formula. An anonymous export has `user_id` instead of `username`. It is for looking at: what a
 * spreadsheet saves is not what it opened.
 *
 * @since 0.1.0
 * @category constructors
 */
export const spreadsheet: ExportFormat = {
  name: "spreadsheet",
  notes: () => [
    "An apostrophe before a name or title is not part of it: it keeps spreadsheets from taking the text for a formula, a number or a date.",
    "A sheet holds 1,048,576 lines: of a longer file a spreadsheet shows the first ones, and saves no others."
  ],
  write: (folder, dataset) => {
    const { films, keeps, usernames } = dataset
    const kept = keptRatingColumns(keeps)
    const keptTexts = kept.map((column) => textIn(column))
    const columns = [
      usernames === undefined ? fileColumn("user_id", "integer") : fileColumn("username", "text"),
      fileColumn("film_title", "text", "Title (Year) where both are known."),
      fileColumn("rating", "stars"),
      ...kept.map(({ name, type }) => fileColumn(name, type))
    ]
    const titles = new Map([...films].map(([id, film]) => [id, cell(displayName(film))]))
    const pieces: ReadonlyArray<LinePiece> = [
      {
        of: "member",
        text: ({ userId }) =>
          `${usernames === undefined ? String(userId) : cell(usernames.get(userId) ?? String(userId))},`
      },
      { of: "film", text: ({ filmId }) => `${titles.get(filmId) ?? filmId},` },
      { of: "stars", text: ({ rating }) => formatRating(rating) },
      { of: "rating", text: (row) => `${keptTexts.map((text) => `,${text(row)}`).join("")}\r\n` }
    ]
    const header = `${mark}${columns.map(({ name }) => name).join(",")}\r\n`
    return writeParts(dataset, "ratings", "csv", (name, ratings) =>
      ofRatings(writeFile(folder, name, header, linesOfBlocks(ratings, pieces)), columns)
    )
  }
}
