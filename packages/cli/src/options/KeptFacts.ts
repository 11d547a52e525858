/**
 * What a dataset keeps, as users write it.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** What users can choose. A dataset keeps more if the source provides it. */
const KeptFact = Schema.Literal("rated_on", "liked", "watched")

/**
 * Names separated by commas.
 *
 * @since 0.1.0
 * @category models
 */
export const KeptFacts: Schema.Schema<ReadonlyArray<typeof KeptFact.Type>, string> = Schema.compose(
  Schema.transform(Schema.String, Schema.Array(Schema.String), {
    strict: true,
    decode: (text) => text.split(",").map((word) => word.trim()),
    encode: (words) => words.join(",")
  }),
  Schema.Array(KeptFact),
  { strict: false }
).annotations({
  message: () => ({
    message: `must be one or more of ${KeptFact.literals.join(", ")}, separated by commas`,
    override: true
  })
})
