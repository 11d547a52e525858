/**
 * Commits of an open dataset, one after the other.
 *
 * @since 0.1.0
 */
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import type { DatasetFolder } from "./DatasetFolder.ts"
import type { FolderFailures } from "./FolderFailure.ts"

/**
 * What an open dataset holds, as `H`, changed by each commit that went through. `committing` lets one write at a time
 * run on what is held, settles the folder, and takes over what the write left. After one that failed, nobody knows what
 * is on disk: all later ones fail too.
 *
 * @since 0.1.0
 * @category models
 */
export interface HeldDataset<H> {
  readonly held: () => H
  readonly committing: <R>(
    write: (held: H) => Effect.Effect<H, StorageError, R>
  ) => Effect.Effect<H, StorageError, R | Effect.Effect.Context<DatasetFolder["settle"]>>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const holdDataset = <H>(
  { storageError }: FolderFailures,
  place: string,
  folder: DatasetFolder,
  opened: H
): Effect.Effect<HeldDataset<H>> =>
  Effect.map(Effect.makeSemaphore(1), (oneCommit) => {
    let holding = opened
    let broken = false
    return {
      held: () => holding,
      committing: (write) =>
        oneCommit.withPermits(1)(
          Effect.gen(function* () {
            if (broken)
              return yield* storageError(
                "Failed",
                place,
                "an earlier batch could not be committed. Open the dataset again"
              )
            yield* folder.check
            broken = true
            const next = yield* write(holding)
            yield* folder.settle
            holding = next
            broken = false
            return next
          })
        )
    }
  })
