/**
 * Proves what is in the tables.
 */
import type { SqlError } from "@effect/sql/SqlError"
import type { Verification } from "@letterboxd-ratings/core"
import { Effect, Schema } from "effect"
import type { Sql } from "./SqliteConnection.ts"

const Messages = Schema.Array(Schema.Struct({ message: Schema.String }))
const Counts = Schema.Array(Schema.Struct({ n: Schema.Int }))

/** Checks, each a query for what is wrong. SQLite itself checks keys, uniqueness and indexes. */
const checks = (sql: Sql): ReadonlyArray<Effect.Effect<ReadonlyArray<unknown>, SqlError>> => [
  sql`select integrity_check as message from pragma_integrity_check where integrity_check <> 'ok' limit 20`,
  sql`select 'a row of ' || "table" || ' names a row of ' || parent || ' that is not there' as message from pragma_foreign_key_check limit 20`,
  sql`select 'user ids are not 1, 2, 3 ...: ' || count(*) || ' members, the highest id is ' || max(user_id) as message
    from members having count(*) + (select id_gaps from dataset) <> coalesce(max(user_id), 0)`,
  sql`select 'a rating of ' || rating || ' stars (user ' || user_id || ', film ' || film_id || ')' as message
    from ratings where rating not in (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5) limit 20`,
  sql`select username || ' has ' || coalesce(n, 0) || ' ratings, and should have ' || ratings as message
    from members left join (select user_id, count(*) as n from ratings group by user_id) using (user_id)
    where state is not null and coalesce(n, 0) <> ratings limit 20`,
  sql`select 'the number of ratings is said to be ' || ratings as message from dataset where ratings <> (select count(*) from ratings)`,
  sql`select username || ' is complete, and has no time of its last reading' as message
    from members where state = 'sealed' and user_id not in (select user_id from updates) limit 20`
]

/** Reads everything, in memory that does not depend on the number of ratings. There is nothing to rebuild: what can be derived is a view. */
export const verifyTables = (sql: Sql): Effect.Effect<Verification, SqlError> =>
  Effect.gen(function* () {
    const problems: Array<string> = []
    for (const check of checks(sql)) {
      for (const { message } of Schema.decodeUnknownSync(Messages)(yield* check)) problems.push(message)
    }
    const [count] = Schema.decodeUnknownSync(Counts)(yield* sql`select count(*) as n from ratings`)
    return { ratings: count?.n ?? 0, problems, repaired: [] }
  })
