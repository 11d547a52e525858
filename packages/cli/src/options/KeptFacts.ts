/**
 * What a dataset keeps, as users write it.
 *
 * @since 0.1.0
 */
import { Keep } from "@letterboxd-ratings/core"
import { Schema } from "effect"

/**
 * What the help says of each fact that users can choose, in its order. A dataset keeps more if the source provides it.
 */
const factWords: { readonly [K in Keep]: string | undefined } = {
  liked: "liked",
  rated_on: "rated_on (the day; Letterboxd's pages do not show it, official exports do)",
  watched: "watched (films without a rating)",
  film_numbers: undefined,
  provenance: undefined,
  changes: undefined
}

/**
 * The facts that users can choose.
 */
const keptFacts: ReadonlyArray<Keep> = Keep.literals.filter((fact) => factWords[fact] !== undefined)

/**
 * The facts for the help: their names, and what is to be known about them.
 *
 * @since 0.1.0
 * @category models
 */
export const keptFactsHelp: string = Object.values(factWords)
  .filter((words) => words !== undefined)
  .join(", ")

/**
 * Names separated by commas.
 *
 * @since 0.1.0
 * @category models
 */
export const KeptFacts: Schema.Schema<ReadonlyArray<Keep>, string> = Schema.compose(
  Schema.transform(Schema.String, Schema.Array(Schema.String), {
    strict: true,
    decode: (text) => text.split(",").map((word) => word.trim()),
    encode: (words) => words.join(",")
  }),
  Schema.Array(Keep.pipe(Schema.filter((fact) => keptFacts.includes(fact)))),
  { strict: false }
).annotations({
  message: () => ({
    message: `must be one or more of ${keptFacts.join(", ")}, separated by commas`,
    override: true
  })
})
