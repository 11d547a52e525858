/**
 * Proves what is in the tables.
 */
import type { SqlError } from "@effect/sql/SqlError"
import type { Verification } from "@letterboxd-ratings/core"
import { Effect, Schema } from "effect"
import type { Database } from "./Tables.ts"

const Messages = Schema.Array(Schema.Struct({ message: Schema.String }))
const Counts = Schema.Array(Schema.Struct({ n: Schema.NumberFromString }))

/** Reads everything, on the server. There is nothing to rebuild: what can be derived is a view, and keys are the server's. */
export const verifyTables = ({ schema, sql }: Database) =>
  Effect.gen(function* () {
    const [dataset, members, ratings, updates] = ["dataset", "members", "ratings", "updates"].map((name) =>
      sql(`${schema}.${name}`)
    )
    const checks: ReadonlyArray<Effect.Effect<ReadonlyArray<unknown>, SqlError>> = [
      sql`select 'user ids are not 1, 2, 3 ...: ' || count(*) || ' members, the highest id is ' || max(user_id) as message
        from ${members} having count(*) + (select id_gaps from ${dataset}) <> coalesce(max(user_id), 0)`,
      sql`select m.username || ' has ' || coalesce(n, 0) || ' ratings, and should have ' || m.ratings as message
        from ${members} m left join (select user_id, count(*) as n from ${ratings} group by user_id) counted using (user_id)
        where m.state is not null and coalesce(n, 0) <> m.ratings limit 20`,
      sql`select 'the number of ratings is said to be ' || ratings as message from ${dataset} where ratings <> (select count(*) from ${ratings})`,
      sql`select username || ' is complete, and has no time of its last reading' as message
        from ${members} where state = 'sealed' and user_id not in (select user_id from ${updates}) limit 20`
    ]
    const problems: Array<string> = []
    for (const check of checks) {
      for (const { message } of yield* Schema.decodeUnknown(Messages)(yield* check)) problems.push(message)
    }
    const [count] = yield* Schema.decodeUnknown(Counts)(yield* sql`select count(*)::text as n from ${ratings}`)
    const result: Verification = { ratings: count?.n ?? 0, problems, repaired: [] }
    return result
  })
