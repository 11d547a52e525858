/**
 * A PostgreSQL server for tests: the one `TEST_POSTGRES_URL` names, which must answer then, or one at the usual place.
 */
import { Reactivity } from "@effect/experimental"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"

const said = process.env["TEST_POSTGRES_URL"]
const address = said ?? "postgres://postgres@127.0.0.1:5432/test"

const asked = <A, E>(ask: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.flatMap(PgClient.make({ url: Redacted.make(address), connectTimeout: 5_000 }), ask).pipe(
    Effect.provide(Reactivity.layer),
    Effect.scoped
  )

const answers =
  said !== undefined ||
  (await Effect.runPromise(
    Effect.match(
      asked((sql) => sql`select 1`),
      { onFailure: () => false, onSuccess: () => true }
    )
  ))

export const postgres: {
  readonly url: string | undefined
  readonly reason: string
  readonly drop: (schema: string) => Promise<void>
} = {
  url: answers ? address : undefined,
  reason: answers
    ? ""
    : " (not postgres: no server answers at 127.0.0.1:5432; set TEST_POSTGRES_URL to test with yours)",
  drop: (schema) =>
    answers
      ? Effect.runPromise(asked((sql) => Effect.asVoid(sql`drop schema if exists ${sql(schema)} cascade`)))
      : Promise.resolve()
}
