/**
 * Members of a dataset by name.
 *
 * @since 0.1.0
 */
import { loggedReadings, type StorageError, type UserId, type WholeDataset } from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"

/**
 * The member with this name, which may be a former one; `undefined` if there is none. Reads the readings of the dataset if
 * nobody has the name now.
 *
 * @since 0.1.0
 * @category constructors
 */
export const memberOf = (whole: WholeDataset, username: string): Effect.Effect<UserId | undefined, StorageError> =>
  Effect.gen(function* () {
    for (const [known, userId] of whole.state.users) if (known === username) return userId
    let found: UserId | undefined
    yield* Stream.runForEach(loggedReadings(whole), (reading) =>
      Effect.sync(() => {
        if (reading.username === username) found = reading.userId
      })
    )
    return found
  })
