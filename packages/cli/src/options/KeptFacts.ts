/**
 * What a dataset is asked to keep, as people write it.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** What people can ask for. A dataset keeps more where a source brings it. */
const KeptFact = Schema.Literal("rated_on", "liked", "watched")

/**
 * Names with commas between them.
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
