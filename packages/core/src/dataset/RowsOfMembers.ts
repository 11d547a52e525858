/**
 * The rows that a dataset holds of some members.
 *
 * @since 0.1.0
 */
import { Effect, Stream } from "effect"
import type { FilmId } from "../domain/Film.ts"
import type { UserId } from "../domain/Member.ts"
import type { StorageError } from "./StorageError.ts"

/**
 * The rows of some members by film, an entry for each member. Reads the table once, and not at all for nobody.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rowsOfMembers = <Row extends { readonly filmId: FilmId; readonly userId: UserId }>(
  table: Stream.Stream<Row, StorageError>,
  members: Iterable<UserId>
): Effect.Effect<ReadonlyMap<UserId, ReadonlyMap<FilmId, Row>>, StorageError> =>
  Effect.suspend(() => {
    const held = new Map(Array.from(members, (userId) => [userId, new Map<FilmId, Row>()]))
    return held.size === 0
      ? Effect.succeed(held)
      : Effect.as(
          Stream.runForEachChunk(table, (rows) =>
            Effect.sync(() => {
              for (const row of rows) held.get(row.userId)?.set(row.filmId, row)
            })
          ),
          held
        )
  })
