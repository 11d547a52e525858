/**
 * A schema for benchmarks on a PostgreSQL server, if `TEST_POSTGRES_URL` names one.
 */
import { Reactivity } from "@effect/experimental"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"

/** The server. None is used that nobody named: benchmarks fill it. */
export const url = process.env["TEST_POSTGRES_URL"]

export const schema = "lb_bench"

/** Drops the schema, and those that were set aside from it. */
const drop =
  url === undefined
    ? Effect.void
    : Effect.flatMap(PgClient.make({ url: Redacted.make(url), connectTimeout: 5_000 }), (sql) =>
        Effect.gen(function* () {
          const rows = yield* sql<{
            readonly name: string
          }>`select nspname as name from pg_namespace where starts_with(nspname, ${schema})`
          for (const { name } of rows) yield* sql`drop schema ${sql(name)} cascade`
        })
      ).pipe(Effect.provide(Reactivity.layer), Effect.scoped)

/** Nothing is in the schema at the beginning and at the end of the scope. */
export const emptied = Effect.acquireRelease(drop, () => Effect.ignore(drop))
