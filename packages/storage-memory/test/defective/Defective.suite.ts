/** Storages with one defect each. Every one of them must fail the kit; Defects.slow.test.ts sees to it. */
import {
  type Batch,
  type DatasetState,
  type OpenDataset,
  RatingsStorage,
  type RowStreams
} from "@letterboxd-ratings/core"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { storageSuite } from "@letterboxd-ratings/storage-testkit"
import { type Context, Effect, Layer, Stream } from "effect"

type Storage = Context.Tag.Service<RatingsStorage>
type Change = (storage: Storage) => Storage

/** Changes each dataset as it is opened. */
const dataset =
  (change: (open: OpenDataset) => OpenDataset): Change =>
  (storage) => ({
    ...storage,
    open: (mode) => Effect.map(storage.open(mode), change)
  })
const batches = (change: (batch: Batch) => Batch): Change =>
  dataset((open) => ({ ...open, commit: (batch) => open.commit(change(batch)) }))
const state = (change: (state: DatasetState) => DatasetState): Change =>
  dataset((open) => ({ ...open, state: change(open.state) }))
const members = (change: (member: Batch["members"][number]) => Batch["members"][number]) =>
  batches((batch) => ({ ...batch, members: batch.members.map(change) }))

const defects: Readonly<Record<string, Change>> = {
  "loses a member's last rating": members((member) => ({ ...member, ratings: member.ratings.slice(0, -1) })),
  "keeps the old rows of a member read again": members((member) => ({ ...member, write: "append" })),
  "replaces where it should append": members((member) => ({
    ...member,
    write: "replace",
    ratings: member.isNew ? member.ratings : []
  })),
  "does not rename films": batches((batch) => ({ ...batch, changedFilms: [] })),
  "takes every reading for complete": members((member) => ({
    ...member,
    record: { ...member.record, state: "sealed" }
  })),
  "reads ratings back in another order": dataset((open) => ({
    ...open,
    ratings: Stream.unwrap(
      Effect.map(Stream.runCollect(open.ratings), (rows) => Stream.fromIterable([...rows].toReversed()))
    )
  })),
  "finds the rows of one member, whoever is asked for": dataset((open) => {
    const streams: RowStreams = open
    return {
      ...open,
      rowsOfMembers: (name, [only]) => {
        const isOfOnly = ({ userId }: { readonly userId: number }) => userId === only
        return Stream.filter(streams[name], isOfOnly)
      }
    }
  }),
  "forgets what is known of members": state((held) => ({ ...held, members: new Map() })),
  "orders films by id": state((held) => ({ ...held, films: new Map([...held.films].toSorted(([a], [b]) => b - a)) })),
  "forgets how many batches there are": state((held) => ({ ...held, batches: 0 })),
  "miscounts what a commit leaves": dataset((open) => ({
    ...open,
    commit: (batch) =>
      Effect.map(open.commit(batch), ({ batches: n, ratings }) => ({ batches: n, ratings: ratings + 1 }))
  })),
  "lets go of the lock at once": (storage) => ({ ...storage, open: (mode) => Effect.scoped(storage.open(mode)) }),
  "overwrites what is there": (storage) => ({
    ...storage,
    open: (mode) => storage.open(mode._tag === "new" ? { _tag: "new", existing: "set-aside" } : mode)
  }),
  "starts anew where it should go on": (storage) => ({
    ...storage,
    open: () => storage.open({ _tag: "new", existing: "set-aside" })
  }),
  "is always there": (storage) => ({ ...storage, exists: Effect.succeed(true) }),
  "finds nothing wrong, and nothing at all": (storage) => ({
    ...storage,
    verify: (options) => Effect.map(storage.verify(options), (found) => ({ ...found, ratings: 0 }))
  })
}

for (const [name, change] of Object.entries(defects)) {
  const datasets = MemoryStorage.makeDatasets()
  storageSuite(name, (place) => Layer.sync(RatingsStorage, () => change(MemoryStorage.make({ place, datasets }))), {
    rows: 10_000,
    runs: 3,
    writeFormat: "none"
  })
}

const datasets = MemoryStorage.makeDatasets()
// The number changes, and nobody looks at it.
storageSuite("opens a dataset of a newer format", (place) => MemoryStorage.layer({ place, datasets }), {
  rows: 10_000,
  runs: 3,
  writeFormat: () => Effect.void
})
