/**
 * `lb watch`: shows in a browser how a dataset grows.
 *
 * @since 0.1.0
 */
import { RatingsStorage } from "@letterboxd-ratings/core"
import { lockState } from "@letterboxd-ratings/storage-folder"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Clock, Effect, Either, Ref } from "effect"
import { endWith, endWithInvalid } from "../CommandEnding.ts"
import type { LivePicture } from "../live/LivePicture.ts"
import { pictureOfDataset } from "../live/LiveDataset.ts"
import * as LiveServer from "../live/LiveServer.ts"
import { type Flags, folderOf, resolveSettings } from "../options/Settings.ts"
import { keepsFiles, storageNames, storageOf } from "../plugins/Storages.ts"
import { Screen } from "../Screen.ts"

/** The least rest between two looks, in milliseconds. After a long look, it is ten times as long as the look. */
const pace = 2000

/**
 * @since 0.1.0
 * @category constructors
 */
export const watch = (flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const folder = yield* folderOf(settings)
    const layer = yield* storageOf(settings, folder, { memberFiles: false })
    const server = yield* LiveServer.make({ port: settings.uiPort, token: yield* LiveServer.newToken })
    const isLocked = storageNames.includes(settings.storage) && keepsFiles(settings.storage)
    const first = yield* Ref.make<{ readonly ratings: number; readonly at: number } | undefined>(undefined)
    const last = yield* Ref.make<LivePicture | undefined>(undefined)
    const look = Effect.gen(function* () {
      const storage = yield* RatingsStorage
      const began = yield* Clock.currentTimeMillis
      const found = yield* Effect.either(storage.inspect)
      const lock = isLocked ? yield* lockState(folder) : ("unknown" as const)
      const now = yield* Clock.currentTimeMillis
      const isEmpty = Either.isLeft(found) && found.left.reason === "NothingThere"
      const ratings = Either.isRight(found) ? found.right.state.ratings : 0
      const since = yield* Ref.updateAndGet(first, (before) =>
        before !== undefined || !(isEmpty || Either.isRight(found)) ? before : { ratings, at: now }
      )
      const picture = pictureOfDataset({ place: storage.place, found, lock, first: since ?? { ratings, at: now }, now })
      yield* Ref.set(last, picture)
      yield* server.show(picture)
      yield* Effect.sleep(Math.max(pace, 10 * (now - began)))
    })
    const sayEnd = Effect.flatMap(Ref.get(last), (picture) =>
      picture === undefined ? Effect.void : server.end({ ...picture, state: "stopped", now: "lb watch has ended." })
    )
    yield* screen.err(`Live page, until Ctrl-C: ${server.address}\n`)
    yield* Effect.forever(look).pipe(Effect.ensuring(sayEnd), Effect.provide(layer))
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      LiveServerError: ({ message }) => endWith(1, message),
      // The storage could not be made: of one that is there, the page says what is wrong.
      StorageError: ({ message }) => endWith(1, message)
    })
  )
