/**
 * A storage, as a module brings one, whose disk is full after so many batches: `--storage-options batches=N`. Committing
 * takes a while, and there is nothing in it.
 */
import { noRowStreams, emptyDatasetState, RatingsStorage, StorageError } from "@letterboxd-ratings/core"
import { Effect, Layer } from "effect"

export const options = ["batches", "millis"]

export const layer = ({
  options: { batches = "0", millis = "0" }
}: {
  readonly options: Readonly<Record<string, string>>
}) => {
  let committed = 0
  let ratings = 0
  return Layer.succeed(
    RatingsStorage,
    RatingsStorage.of({
      name: "full",
      place: "a full disk",
      exists: Effect.succeed(false),
      inspect: Effect.dieMessage("nobody looks"),
      verify: () => Effect.dieMessage("nobody verifies"),
      open: () =>
        Effect.succeed({
          state: emptyDatasetState,
          notes: [],
          commit: ({ members }) =>
            Effect.suspend(() => {
              if (committed >= Number(batches)) {
                return new StorageError({
                  reason: "Full",
                  storage: "full",
                  place: "a full disk",
                  detail: "nothing goes in any more"
                })
              }
              committed += 1
              ratings += members.reduce((sum, member) => sum + member.ratings.length, 0)
              return Effect.zipRight(
                Effect.sync(() => process.stderr.write(`written ${committed}\n`)),
                Effect.succeed({ batches: committed, ratings }).pipe(Effect.delay(Number(millis)))
              )
            }),
          load: () => Effect.dieMessage("nobody loads"),
          ...noRowStreams
        })
    })
  )
}
