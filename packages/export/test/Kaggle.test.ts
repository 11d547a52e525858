import { assert, it } from "@effect/vitest"
import { kaggle, movieLens, type Preparation, type Timestamps } from "@letterboxd-ratings/export"
import { Effect, Redacted, Schema } from "effect"
import * as fc from "fast-check"
import { anyLists, exported } from "./ExportedLists.ts"

/** What Kaggle documents of dataset-metadata.json, and the bounds that it checks. */
const Text = (least: number, most: number) => Schema.String.pipe(Schema.minLength(least), Schema.maxLength(most))
const Metadata = Schema.parseJson(
  Schema.Struct({
    title: Text(6, 50),
    subtitle: Text(20, 80),
    description: Schema.NonEmptyString,
    id: Schema.String.pipe(Schema.pattern(/^[\w-]+\/[\w-]{3,50}$/u)),
    licenses: Schema.Tuple(Schema.Struct({ name: Schema.Literal("unknown") })),
    keywords: Schema.Array(Schema.NonEmptyString),
    resources: Schema.Array(
      Schema.Struct({
        path: Schema.NonEmptyString,
        description: Schema.NonEmptyString,
        schema: Schema.optional(
          Schema.Struct({
            fields: Schema.Array(
              Schema.Struct({
                name: Schema.NonEmptyString,
                title: Schema.NonEmptyString,
                description: Schema.NonEmptyString,
                type: Schema.Literal("string", "boolean", "datetime", "integer", "decimal")
              })
            )
          })
        )
      })
    )
  })
)
const decode = Schema.decodeUnknownSync(Metadata, { onExcessProperty: "error" })

const looksLike: Readonly<Record<string, RegExp>> = {
  integer: /^-?\d+$/u,
  decimal: /^\d\.\d$/u,
  boolean: /^(?:true|false)$/u,
  datetime: /^\d{4}-\d{2}-\d{2}$/u,
  string: /^/u
}

it.effect.prop(
  "Kaggle is told each file and each column, in their order, with types that the values have",
  {
    lists: anyLists,
    timestamps: fc.constantFrom<Timestamps>("rated", "read", "none"),
    isAnonymous: fc.boolean(),
    preparation: fc.constantFrom<Preparation>({}, { contiguous: true }, { split: { _tag: "random", share: 0.4 } })
  },
  ({ isAnonymous, lists, preparation, timestamps }) =>
    Effect.gen(function* () {
      const files = yield* exported(lists, kaggle, {
        timestamps,
        preparation,
        ...(isAnonymous ? { salt: Redacted.make("pepper") } : {})
      })
      const { description, id, resources } = decode(files.get("dataset-metadata.json"))
      assert.deepStrictEqual(
        resources.map(({ path }) => path).toSorted(),
        [...files.keys()].filter((name) => name !== "dataset-metadata.json").toSorted()
      )
      for (const { path, schema } of resources) {
        if (!path.endsWith(".csv")) {
          assert.strictEqual(path, "DATA_CARD.md")
          continue
        }
        const fields = schema?.fields ?? []
        const [header = "", ...rows] = (files.get(path) ?? "").trimEnd().split("\n")
        assert.deepStrictEqual(
          fields.map(({ name }) => name),
          header.split(",")
        )
        if (path === "movies.csv") continue
        for (const row of rows)
          for (const [i, cell] of row.split(",").entries())
            if (cell !== "") assert.match(cell, looksLike[fields[i]?.type ?? ""] ?? /$^/u)
      }
      assert.strictEqual(description, files.get("DATA_CARD.md"))
      // Kaggle's program refuses to upload under this slug.
      assert.match(id, /\/INSERT_SLUG_HERE$/u)
      assert.include(description, id)
    }),
  { fastCheck: { numRuns: 20 } }
)

it.effect.prop(
  "the files are those of MovieLens",
  { lists: anyLists },
  ({ lists }) =>
    Effect.gen(function* () {
      const own = yield* exported(lists, kaggle)
      const theirs = yield* exported(lists, movieLens)
      for (const [name, text] of theirs) if (name !== "DATA_CARD.md") assert.strictEqual(own.get(name), text)
    }),
  { fastCheck: { numRuns: 5 } }
)
