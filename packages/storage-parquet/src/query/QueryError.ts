/**
 * How a query fails.
 */
import { Schema } from "effect"

/**
 * A query that gives no rows, and why:
 *
 * - `Invalid`: DuckDB does not understand it, or a value in it is impossible.
 * - `NotAQuery`: it is not one statement that only reads.
 * - `TooLarge`: it needs more memory or room for temporary files than it may take.
 *
 * @since 0.1.0
 * @category errors
 */
export class QueryError extends Schema.TaggedError<QueryError>("@letterboxd-ratings/storage-parquet/QueryError")(
  "QueryError",
  {
    reason: Schema.Literal("Invalid", "NotAQuery", "TooLarge"),
    detail: Schema.String,
    cause: Schema.optionalWith(Schema.Defect, { exact: true })
  }
) {
  /** @since 0.1.0 */
  readonly isRetryable = false

  /** @since 0.1.0 */
  override get message(): string {
    switch (this.reason) {
      case "Invalid":
        return `The query cannot be run: ${this.detail}`
      case "NotAQuery":
        return `${this.detail} Give one statement that only reads (SELECT, FROM, WITH, DESCRIBE, SUMMARIZE, SHOW TABLES).`
      case "TooLarge":
        return `The query needs too much memory: ${this.detail} Ask for fewer rows or columns at a time.`
    }
  }
}

/** What DuckDB says, without the picture of the place in the statement. */
const sentenceOf = (cause: unknown): string => {
  const text = (cause instanceof Error ? cause.message : String(cause)).split(/\n\s*LINE \d+:/u)[0] ?? ""
  const line = text
    .replaceAll(/\s+/gu, " ")
    .replace(/^Failed to \w+ statements?: /u, "")
    .trim()
    .slice(0, 500)
  return /[.!?]$/u.test(line) ? line : `${line}.`
}

/** What went wrong in a statement of the user. */
export const queryFailed = (cause: unknown): QueryError => {
  const detail = sentenceOf(cause)
  return new QueryError({ reason: /^Out of Memory/iu.test(detail) ? "TooLarge" : "Invalid", detail, cause })
}
