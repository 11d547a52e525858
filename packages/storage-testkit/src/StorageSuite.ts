/**
 * What every storage promises, as tests.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import {
  type Batch,
  noRowStreams,
  areReadAgain,
  type BatchMember,
  contentAfter,
  datasetAsOf,
  type DatasetState,
  emptyContent,
  emptyDatasetState,
  type EncodedRating,
  type EncodedWatch,
  Film,
  forgettingBatch,
  forgottenIn,
  heldRowsOf,
  isForgottenIn,
  joinNames,
  liveMembersOf,
  loadWhole,
  noHeldRows,
  openedDataset,
  type OpenDataset,
  type OpenMode,
  ratingBlockOf,
  ratingBlocksOf,
  RatingsStorage,
  readWhole,
  renamingMembers,
  rowsOfBlocks,
  rowStreamsOf,
  StorageError,
  UserId,
  Username,
  type WholeDataset,
  whomToForget
} from "@letterboxd-ratings/core"
import { Chunk, DateTime, Effect, Exit, type Layer, Schema, type Scope, Stream } from "effect"
import * as fc from "fast-check"
import { batchOf, commitRest, history, type Told } from "./Batches.ts"
import { allRows, columnsWithoutValue, commitKept, keptHistory } from "./KeptHistory.ts"

/**
 * - `writeFormat`: changes the format number of the dataset at a place, as a future version of the storage would write it;
 *   `"none"` if no dataset outlives the version that wrote it.
 * - `rows`: how many ratings the test of memory writes and reads (100,000), at least 10,000.
 * - `runs`: how many random histories are tried (20); use fewer for a slow storage.
 * - `timeoutMillis`: how long a test may take (120,000).
 *
 * @since 0.1.0
 * @category models
 */
export interface StorageSuiteOptions {
  readonly writeFormat: "none" | ((place: string, format: number) => Effect.Effect<void, unknown>)
  readonly rows?: number
  readonly runs?: number
  readonly timeoutMillis?: number
}

const startNew: OpenMode = { _tag: "new", existing: "refuse" }
const setAside: OpenMode = { _tag: "new", existing: "set-aside" }
const goOn: OpenMode = { _tag: "continue" }

const film = Schema.decodeUnknownSync(Film)
const username = Schema.decodeUnknownSync(Username)

/** A rating as a test writes it: user, film, stars. */
type Row = readonly [user: number, film: number, stars: number]

/** The ratings, which have to be the same by columns. */
const rowsIn = (dataset: OpenDataset) =>
  Effect.gen(function* () {
    const rows = Chunk.toReadonlyArray(yield* Stream.runCollect(dataset.ratings))
    const again = yield* Stream.runCollect(rowsOfBlocks(ratingBlocksOf(dataset)))
    assert.deepStrictEqual(Chunk.toReadonlyArray(again), rows)
    return rows.map(({ filmId, rating, userId }): Row => [userId, filmId, rating])
  })

const idsIn = ({ users }: Pick<DatasetState, "users">): Readonly<Record<string, number>> => Object.fromEntries(users)

/** A state with everything in its order, to compare. */
const shown = ({ batches, films, members, ratings, updates, users }: DatasetState) => ({
  batches,
  ratings,
  users: [...users].map(([name, id]) => `${name}=${id}`),
  films: [...films.values()].map(({ id, slug, title, year }) => [id, slug, title, year]),
  members: new Map([...members].map(([name, record]) => [name, { ...record, readAt: record.readAt.epochMillis }])),
  updates: [...updates].map(([name, at]) => `${name} ${at.epochMillis}`)
})

/** What the first batches of the kept history leave, by the definition of what a batch does. */
const expectedRows = (batches: number) =>
  Effect.gen(function* () {
    let content = emptyContent(DateTime.unsafeMake(0))
    const reference = yield* openedDataset({
      storage: "reference",
      place: "memory",
      state: content.state,
      notes: [],
      rows: rowStreamsOf(() => content),
      write: (changes) =>
        Effect.map(contentAfter(content, changes), (next) => {
          content = next
          return next.state
        })
    })
    yield* commitKept(reference, 0, batches)
    return yield* allRows({ ...reference, state: content.state })
  })

/** What is read of whom, batch by batch. With `isWhole`, lists are written anew also where they only grew. */
const readings = fc.array(
  fc.record({
    isWhole: fc.boolean(),
    members: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("ann", "bob", "cat", "dan"),
        films: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0.5, 3, 5)), {
          selector: ([id]) => id,
          maxLength: 4
        })
      }),
      { selector: ({ name }) => name, minLength: 1, maxLength: 3 }
    )
  }),
  { minLength: 2, maxLength: 8 }
)

let places = 0

/**
 * Runs the tests of a storage. `make` gives it at a place, whose name is new for each test (letters, digits and
 * hyphens); called again with the same name, it gives the same place, as another process would see it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const storageSuite = <E>(
  name: string,
  make: (place: string) => Layer.Layer<RatingsStorage, E>,
  options: StorageSuiteOptions
): void => {
  const { rows: manyRows = 100_000, runs = 20, timeoutMillis = 120_000, writeFormat } = options

  /** A place that holds nothing yet, and ways to use it as one process after the other would. */
  const freshPlace = Effect.sync(() => {
    const place = `place-${(places += 1)}`
    const storage = <A, E2, R>(use: (storage: RatingsStorage["Type"]) => Effect.Effect<A, E2, R>) =>
      Effect.flatMap(RatingsStorage, use).pipe(Effect.provide(make(place)))
    const open = <A, E2, R>(mode: OpenMode, use: (dataset: OpenDataset) => Effect.Effect<A, E2, R>) =>
      storage((service) => Effect.scoped(Effect.flatMap(service.open(mode), use)))
    const failure = (mode: OpenMode) =>
      Effect.flatMap(Effect.flip(open(mode, () => Effect.void)), (error) =>
        error instanceof StorageError ? Effect.succeed(error) : Effect.die(error)
      )
    return {
      place,
      storage,
      open,
      failure,
      reopened: open(goOn, ({ state }) => Effect.succeed(shown(state))),
      rows: open(goOn, rowsIn)
    }
  })

  const test = (what: string, body: Effect.Effect<void, unknown, Scope.Scope>) =>
    it.scopedLive(what, () => body, timeoutMillis)

  describe(name, () => {
    test(
      "holds nothing at first, and says so",
      Effect.gen(function* () {
        const { failure, storage } = yield* freshPlace
        assert.isFalse(yield* storage((service) => service.exists))
        assert.strictEqual((yield* failure(goOn)).reason, "NothingThere")
        const looked = yield* Effect.flip(storage((service) => Effect.asVoid(service.inspect)))
        const verified = yield* Effect.flip(storage((service) => Effect.asVoid(service.verify({ repair: false }))))
        for (const error of [looked, verified])
          assert.strictEqual(error instanceof StorageError ? error.reason : error, "NothingThere")
      })
    )

    test(
      "leaves nothing behind where no batch was committed",
      Effect.gen(function* () {
        const { failure, open, storage } = yield* freshPlace
        yield* open(startNew, () => Effect.void)
        assert.isFalse(yield* storage((service) => service.exists))
        assert.strictEqual((yield* failure(goOn)).reason, "NothingThere")
      })
    )

    test(
      "holds what was committed: members, films, readings, updates and counts, in order",
      Effect.gen(function* () {
        const { open, reopened, rows } = yield* freshPlace
        yield* open(startNew, commitRest)
        const state = yield* reopened
        assert.strictEqual(state.batches, 5)
        assert.strictEqual(state.ratings, 6)
        assert.deepStrictEqual(state.users, ["null=1", "empty=2", "hidden=3", "half=4", "123=5", "last=6"])
        assert.deepStrictEqual(state.films, [
          [10, "ten-2002", "Ten Again", 2002],
          [20, "comma", `Me, Myself & "Irene"`, 2000],
          [30, "null", "Null", undefined],
          [40, "forty", "Forty\nLines", 1940]
        ])
        const minute = (n: number) => Date.UTC(2026, 0, 1, 0, n)
        assert.deepStrictEqual(state.updates, [
          `null ${minute(4)}`,
          `empty ${minute(1)}`,
          `123 ${minute(3)}`,
          `half ${minute(4)}`,
          `last ${minute(5)}`
        ])
        const records = new Map(
          history
            .flatMap((build) => build({ users: new Map(), films: new Map() }).members)
            .map(({ record }) => [record.username, record])
        )
        for (const [member, record] of state.members) {
          const told = records.get(member)
          assert.deepStrictEqual({ ...record, userId: 0 }, {
            ...told,
            userId: 0,
            readAt: told?.readAt.epochMillis
          } as unknown)
        }
        assert.strictEqual(state.members.size, 6)
        assert.deepStrictEqual(yield* rows, [
          [5, 10, 5],
          [5, 40, 1],
          [1, 20, 1],
          [4, 10, 2],
          [4, 30, 4],
          [6, 40, 2.5]
        ])
      })
    )

    test(
      "is the same whether one process committed it or one for each batch",
      Effect.gen(function* () {
        const once = yield* freshPlace
        const often = yield* freshPlace
        yield* once.open(startNew, commitRest)
        for (const i of history.keys()) {
          yield* often.open(i === 0 ? startNew : goOn, (dataset) => commitRest(dataset, i + 1))
        }
        assert.deepStrictEqual(yield* often.reopened, yield* once.reopened)
        assert.deepStrictEqual(yield* often.rows, yield* once.rows)
      })
    )

    test(
      "tells with each commit what it holds now, and reads it back while it is open",
      Effect.gen(function* () {
        const { open } = yield* freshPlace
        yield* open(startNew, (dataset) =>
          Effect.gen(function* () {
            const [first, second] = history
            if (first === undefined || second === undefined) return assert.fail("no history")
            assert.deepStrictEqual(yield* dataset.commit(first(dataset.state)), { batches: 1, ratings: 2 })
            assert.deepStrictEqual(yield* rowsIn(dataset), [
              [1, 10, 4],
              [1, 20, 0.5]
            ])
            const users = new Map(
              [
                ["null", 1],
                ["empty", 2],
                ["hidden", 3]
              ].map(([who, id]) => [username(who), id as never])
            )
            assert.deepStrictEqual(yield* dataset.commit(second({ users, films: new Map() })), {
              batches: 2,
              ratings: 3
            })
            assert.deepStrictEqual(yield* rowsIn(dataset), [
              [1, 10, 4],
              [1, 20, 0.5],
              [4, 30, 3.5]
            ])
          })
        )
      })
    )

    test(
      "keeps names and titles as they are, whatever they look like",
      Effect.gen(function* () {
        const { open, reopened, rows, storage } = yield* freshPlace
        const names = ["null", "nan", "true", "123", "1e3", "0x10", "__proto__", "select", "na", "none", "007"]
        const titles = [
          "",
          "NULL",
          "NaN",
          "a,b",
          `"quoted"`,
          "'; drop table films; --",
          "two\nlines",
          "\r\n",
          "日本語 🎬",
          "e\u0301",
          "\u202Eright to left",
          "two  spaces",
          "tab\there",
          "back\\slash",
          "x".repeat(5_000)
        ]
        const films = titles.map((title, i) =>
          film({ id: i + 1, slug: `null${i === 0 ? "" : i}`, ...(title.trim() === "" ? {} : { title }) })
        )
        yield* open(startNew, (dataset) =>
          dataset.commit(
            batchOf(
              dataset.state,
              1,
              names.map((one, i) => ({
                name: one,
                ratings: films.map(({ id }) => [id, (((i + id) % 10) + 1) / 2] as const)
              })),
              films
            )
          )
        )
        const state = yield* reopened
        assert.deepStrictEqual(
          state.users,
          names.map((one, i) => `${one}=${i + 1}`)
        )
        assert.deepStrictEqual(
          state.films,
          films.map(({ id, slug, title, year }) => [id, slug, title, year])
        )
        assert.strictEqual((yield* rows).length, names.length * films.length)
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
      })
    )

    test(
      "gives films their new names and everything else its old id",
      Effect.gen(function* () {
        const { open, reopened, rows } = yield* freshPlace
        yield* open(startNew, (dataset) =>
          dataset.commit(
            batchOf(
              dataset.state,
              1,
              [
                {
                  name: "one",
                  ratings: [
                    [1, 1],
                    [2, 2]
                  ]
                }
              ],
              [film({ id: 1, slug: "a", title: "A", year: 1999 }), film({ id: 2, slug: "b", title: "B" })]
            )
          )
        )
        yield* open(goOn, (dataset) =>
          dataset.commit(batchOf(dataset.state, 2, [], [film({ id: 2, slug: "b-2", title: "B Two", year: 2020 })]))
        )
        // The slug that became free may be another film's now.
        yield* open(goOn, (dataset) =>
          dataset.commit(
            batchOf(
              dataset.state,
              3,
              [{ name: "two", ratings: [[3, 3]] }],
              [film({ id: 3, slug: "b", title: "New B" })]
            )
          )
        )
        assert.deepStrictEqual((yield* reopened).films, [
          [1, "a", "A", 1999],
          [2, "b-2", "B Two", 2020],
          [3, "b", "New B", undefined]
        ])
        assert.deepStrictEqual(yield* rows, [
          [1, 1, 1],
          [1, 2, 2],
          [2, 3, 3]
        ])
      })
    )

    test(
      "replaces the rows of one member",
      Effect.gen(function* () {
        const { open, reopened, rows } = yield* freshPlace
        const films = [1, 2, 3].map((id) => film({ id, slug: `f${id}`, title: `F${id}` }))
        yield* open(startNew, (dataset) =>
          dataset.commit(
            batchOf(
              dataset.state,
              1,
              [
                {
                  name: "one",
                  ratings: [
                    [1, 1],
                    [2, 1]
                  ]
                },
                {
                  name: "two",
                  ratings: [
                    [1, 2],
                    [2, 2]
                  ]
                },
                { name: "six", ratings: [[3, 3]] }
              ],
              films
            )
          )
        )
        const replacing = (n: number, told: Told) =>
          open(goOn, (dataset) => dataset.commit(batchOf(dataset.state, n, [told], [])))
        yield* replacing(2, {
          name: "one",
          ratings: [
            [2, 4],
            [3, 5]
          ]
        })
        assert.deepStrictEqual(yield* rows, [
          [2, 1, 2],
          [2, 2, 2],
          [3, 3, 3],
          [1, 2, 4],
          [1, 3, 5]
        ])
        yield* replacing(3, { name: "two", ratings: [] })
        assert.deepStrictEqual(yield* rows, [
          [3, 3, 3],
          [1, 2, 4],
          [1, 3, 5]
        ])
        assert.deepStrictEqual((yield* reopened).users, ["one=1", "two=2", "six=3"])
        assert.strictEqual((yield* reopened).ratings, 3)
      })
    )

    test(
      "adds the missing pages of a partial member to what it has",
      Effect.gen(function* () {
        const { open, reopened, rows, storage } = yield* freshPlace
        const films = [1, 2, 3].map((id) => film({ id, slug: `f${id}`, title: `F${id}` }))
        yield* open(startNew, (dataset) =>
          dataset.commit(
            batchOf(
              dataset.state,
              1,
              [
                { name: "one", state: "partial", ratings: [[1, 1]] },
                { name: "two", ratings: [[1, 1]] }
              ],
              films
            )
          )
        )
        const adding = batchOf(
          { users: new Map([[username("one"), 1 as never]]), films: new Map() },
          2,
          [
            {
              name: "one",
              write: "append",
              ratings: [
                [2, 2],
                [3, 3]
              ]
            }
          ],
          []
        )
        const [one] = adding.members
        if (one === undefined) return assert.fail("no member")
        yield* open(goOn, (dataset) =>
          dataset.commit({ ...adding, members: [{ ...one, record: { ...one.record, ratings: 3, films: 3 } }] })
        )
        assert.deepStrictEqual(yield* rows, [
          [1, 1, 1],
          [2, 1, 1],
          [1, 2, 2],
          [1, 3, 3]
        ])
        assert.strictEqual((yield* reopened).members.get(username("one"))?.state, "sealed")
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
      })
    )

    test(
      "refuses a new dataset where one is, and moves it out of the way when the first batch is there",
      Effect.gen(function* () {
        const { failure, open, reopened, rows } = yield* freshPlace
        yield* open(startNew, commitRest)
        const before = yield* reopened
        assert.strictEqual((yield* failure(startNew)).reason, "AlreadyThere")
        yield* open(setAside, () => Effect.void)
        assert.deepStrictEqual(yield* reopened, before)
        yield* open(setAside, (dataset) =>
          Effect.gen(function* () {
            assert.strictEqual(dataset.state.users.size, 0)
            assert.deepStrictEqual(yield* rowsIn(dataset), [])
            yield* dataset.commit(
              batchOf(
                dataset.state,
                9,
                [{ name: "fresh", ratings: [[10, 3]] }],
                [film({ id: 10, slug: "ten", title: "Ten" })]
              )
            )
          })
        )
        assert.deepStrictEqual((yield* reopened).users, ["fresh=1"])
        assert.deepStrictEqual(yield* rows, [[1, 10, 3]])
      })
    )

    if (writeFormat === "none")
      it.skip("refuses a dataset of a newer format (none outlives the version that made it)", () => {})
    else {
      test(
        "refuses a dataset of a newer format, however it is asked for, and changes nothing of it; a new one may take its place",
        Effect.gen(function* () {
          const { failure, open, place, reopened, rows, storage } = yield* freshPlace
          yield* open(startNew, commitRest)
          const [state, held] = [yield* reopened, yield* rows]
          yield* writeFormat(place, 99)
          assert.isTrue(yield* storage((service) => service.exists))
          const refusals = [
            yield* failure(goOn),
            ...(yield* Effect.forEach(
              [
                (service: RatingsStorage["Type"]) => Effect.asVoid(service.inspect),
                (service: RatingsStorage["Type"]) => Effect.asVoid(service.verify({ repair: false })),
                (service: RatingsStorage["Type"]) => Effect.asVoid(service.verify({ repair: true }))
              ],
              (ask) => Effect.flip(storage(ask))
            ))
          ]
          for (const error of refusals) {
            assert.strictEqual(error instanceof StorageError ? error.reason : error, "NewerFormat")
            assert.match(error instanceof StorageError ? error.message : "", /format 99.*Update/u)
          }
          assert.strictEqual((yield* failure(startNew)).reason, "AlreadyThere")
          yield* writeFormat(place, 1)
          assert.deepStrictEqual(yield* reopened, state)
          assert.deepStrictEqual(yield* rows, held)
          yield* writeFormat(place, 99)
          yield* open(setAside, (dataset) =>
            dataset.commit(
              batchOf(
                dataset.state,
                9,
                [{ name: "fresh", ratings: [[10, 3]] }],
                [film({ id: 10, slug: "ten", title: "Ten" })]
              )
            )
          )
          assert.deepStrictEqual(yield* rows, [[1, 10, 3]])
        })
      )
    }

    test(
      "lets one process in at a time, and others look",
      Effect.gen(function* () {
        const { failure, open, reopened, storage } = yield* freshPlace
        yield* open(startNew, (dataset) => commitRest(dataset, 1))
        yield* open(goOn, (dataset) =>
          Effect.gen(function* () {
            const { state } = yield* storage((service) => service.inspect)
            assert.strictEqual(state.users.size, 3)
            assert.strictEqual((yield* failure(goOn)).reason, "Locked")
            yield* commitRest(dataset)
          })
        )
        assert.strictEqual((yield* reopened).batches, 5)
      })
    )

    test(
      "is the last batch that was committed, when a process ends without a word",
      Effect.gen(function* () {
        const { open, rows, storage } = yield* freshPlace
        yield* open(startNew, (dataset) => commitRest(dataset, 2))
        const before = yield* rows
        const batch = batchOf(
          { users: new Map(), films: new Map() },
          9,
          [{ name: "never", ratings: [[10, 1]] }],
          [film({ id: 10, slug: "ten" })]
        )
        const ended = yield* Effect.exit(
          open(goOn, (dataset) => Effect.zipRight(Effect.die("the process ended"), dataset.commit(batch)))
        )
        assert.isTrue(Exit.isFailure(ended))
        assert.deepStrictEqual(yield* rows, before)
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
      })
    )

    test(
      "takes a whole dataset, with every id, order, count and time, and goes on with it",
      Effect.gen(function* () {
        const original = yield* freshPlace
        const copy = yield* freshPlace
        yield* original.open(startNew, (dataset) => commitRest(dataset, 4))
        const receipt = yield* original.storage((from) =>
          copy.storage((to) =>
            Effect.scoped(Effect.flatMap(readWhole(from), (whole) => loadWhole(whole, to, "refuse")))
          )
        )
        assert.deepStrictEqual(receipt, { batches: 4, ratings: 5 })
        assert.deepStrictEqual(yield* copy.reopened, yield* original.reopened)
        assert.deepStrictEqual(yield* copy.rows, yield* original.rows)
        const [before, after] = yield* Effect.forEach([original, copy], ({ storage }) =>
          storage((service) => service.inspect)
        )
        assert.strictEqual(after?.committedAt.epochMillis, before?.committedAt.epochMillis)
        assert.deepStrictEqual((yield* copy.storage((service) => service.verify({ repair: false }))).problems, [])
        for (const { open } of [original, copy]) yield* open(goOn, commitRest)
        assert.deepStrictEqual(yield* copy.reopened, yield* original.reopened)
        assert.deepStrictEqual(yield* copy.rows, yield* original.rows)
      })
    )

    test(
      "takes a whole dataset whose users have no records and ids between them missing, as one that was taken over has",
      Effect.gen(function* () {
        const { open, reopened, rows, storage } = yield* freshPlace
        const users = new Map(
          [
            ["one", 1],
            ["four", 4]
          ].map(([who, id]) => [username(who), id as never])
        )
        const films = new Map([film({ id: 7, slug: "seven" })].map((one) => [one.id, one]))
        const whole: WholeDataset = {
          state: { ...emptyDatasetState, users, films, ratings: 1, batches: 1 },
          committedAt: DateTime.unsafeMake(0),
          ...noRowStreams,
          ratings: Stream.make(ratingBlockOf([{ userId: 4 as never, filmId: 7 as never, rating: 4.5 as never }]))
        }
        yield* open(startNew, (dataset) => dataset.load(whole))
        assert.deepStrictEqual(yield* rows, [[4, 7, 4.5]])
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
        yield* open(goOn, (dataset) =>
          dataset.commit(batchOf(dataset.state, 2, [{ name: "five", ratings: [[7, 1]] }], []))
        )
        assert.deepStrictEqual((yield* reopened).users, ["one=1", "four=4", "five=5"])
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
      })
    )

    test(
      "keeps nothing of a whole dataset that breaks off, and takes none on top of another",
      Effect.gen(function* () {
        const original = yield* freshPlace
        const { failure, open, storage } = yield* freshPlace
        yield* original.open(startNew, commitRest)
        const broken = new StorageError({
          reason: "Damaged",
          storage: "other",
          place: "elsewhere",
          detail: "it breaks off"
        })
        const whole = yield* original.storage((from) => Effect.scoped(readWhole(from)))
        const rest = Stream.make(ratingBlockOf([{ userId: 1 as never, filmId: 10 as never, rating: 4 as never }]))
        const breaksOff: WholeDataset = { ...whole, ratings: Stream.concat(rest, Stream.fail(broken)) }
        const { detail, reason } = yield* open(startNew, (dataset) => Effect.flip(dataset.load(breaksOff)))
        assert.deepStrictEqual([reason, detail], [broken.reason, broken.detail])
        assert.isFalse(yield* storage((service) => service.exists))
        assert.strictEqual((yield* failure(goOn)).reason, "NothingThere")
        const again: WholeDataset = { ...whole, ratings: rest }
        const late = yield* original.open(goOn, (dataset) => Effect.flip(dataset.load(again)))
        assert.strictEqual(late.reason, "AlreadyThere")
      })
    )

    test(
      "keeps every column of every table, from the batch on that asks for it",
      Effect.gen(function* () {
        assert.deepStrictEqual(columnsWithoutValue(), [])
        const { open, storage } = yield* freshPlace
        for (const n of keptHistory.keys()) {
          yield* open(n === 0 ? startNew : goOn, (dataset) => commitKept(dataset, n, n + 1))
          assert.deepStrictEqual(yield* open(goOn, allRows), yield* expectedRows(n + 1))
          assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
        }
      })
    )

    test(
      "finds all rows of some members and no others, before the first batch and after each, if it offers that",
      Effect.gen(function* () {
        const { open } = yield* freshPlace
        const check = (dataset: OpenDataset) =>
          Effect.gen(function* () {
            const find = dataset.rowsOfMembers
            if (find === undefined) return
            const ids = Array.from(
              new Set(
                (yield* Effect.map(Stream.runCollect(dataset.ratings), Chunk.toReadonlyArray)).map((row) => row.userId)
              )
            )
            const some = [ids.filter((_, i) => i % 2 === 0), ids, [], [UserId.make(999_999)]]
            for (const members of some) {
              for (const name of ["ratings", "watched"] as const) {
                const all: Stream.Stream<EncodedRating | EncodedWatch, StorageError> = dataset[name]
                const found: Stream.Stream<EncodedRating | EncodedWatch, StorageError> = find(name, members)
                const isOfThem = ({ userId }: { readonly userId: UserId }) => members.includes(userId)
                const rows = (stream: typeof all) =>
                  Effect.map(Stream.runCollect(stream), (chunk) =>
                    Chunk.toReadonlyArray(chunk).toSorted((a, b) => a.userId - b.userId || a.filmId - b.filmId)
                  )
                assert.deepStrictEqual(yield* rows(found), yield* rows(Stream.filter(all, isOfThem)))
              }
            }
          })
        yield* open(startNew, (dataset) =>
          Effect.gen(function* () {
            yield* check(dataset)
            for (const n of keptHistory.keys()) {
              yield* commitKept(dataset, n, n + 1)
              yield* check(dataset)
            }
          })
        )
        yield* open(goOn, check)
      })
    )

    test(
      "forgets what was seen of partial lists where it begins to keep more of lists",
      Effect.gen(function* () {
        const { open, reopened, storage } = yield* freshPlace
        const [first] = keptHistory
        const [sealed] = first?.members ?? []
        if (first === undefined || sealed === undefined) return assert.fail("no history")
        const partial = (name: string, seen: ReadonlyArray<number>, userId: number): BatchMember => ({
          record: {
            ...sealed.record,
            username: name as never,
            userId: userId as never,
            state: "partial",
            lastPage: 2,
            missing: [2],
            ratings: 0,
            seen: seen as never
          },
          isNew: true,
          write: "append",
          ratings: []
        })
        const members = [sealed, partial("half", [1, 2], 2), partial("other", [2], 3)]
        yield* open(startNew, (dataset) => dataset.commit({ ...first, members }))
        const before = yield* reopened
        const isPartial = (name: string) => before.members.get(name as never)?.state === "partial"
        const more = { members: [], newFilms: [], changedFilms: [], committedAt: DateTime.unsafeMake(2e12) }
        yield* open(goOn, (dataset) => dataset.commit({ ...more, keeps: ["film_numbers"] }))
        assert.deepStrictEqual((yield* reopened).members, before.members)
        yield* open(goOn, (dataset) => dataset.commit({ ...more, keeps: ["watched"] }))
        const after = yield* reopened
        assert.deepStrictEqual(
          after.members,
          new Map(
            Array.from(before.members, ([name, { seen, ...record }]) => [
              name,
              seen === undefined || isPartial(name) ? record : { ...record, seen }
            ])
          ) as typeof after.members
        )
        assert.deepStrictEqual({ ...after, batches: 0, members: 0 }, { ...before, batches: 0, members: 0 })
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
      })
    )

    test(
      "keeps every column of a whole dataset, and reads it while it is open",
      Effect.gen(function* () {
        const original = yield* freshPlace
        const copy = yield* freshPlace
        yield* original.open(startNew, (dataset) => commitKept(dataset, 0, 3))
        yield* original.storage((from) =>
          copy.storage((to) =>
            Effect.scoped(Effect.flatMap(readWhole(from), (whole) => loadWhole(whole, to, "refuse")))
          )
        )
        assert.deepStrictEqual(yield* copy.open(goOn, allRows), yield* expectedRows(3))
        yield* copy.open(goOn, (dataset) =>
          Effect.gen(function* () {
            yield* commitKept(dataset, 3, 4)
            const { ratings } = yield* expectedRows(4)
            assert.deepStrictEqual((yield* allRows(dataset)).ratings, ratings)
          })
        )
        assert.deepStrictEqual(yield* copy.open(goOn, allRows), yield* expectedRows(4))
        assert.deepStrictEqual((yield* copy.storage((service) => service.verify({ repair: false }))).problems, [])
      })
    )

    test(
      "forgets a member: no row, no name, and an id that nobody else gets",
      Effect.gen(function* () {
        const { open, storage } = yield* freshPlace
        const seen = [1, 2, 3].map((id) => film({ id, slug: `film-${id}` }))
        const lists = (stars: number): ReadonlyArray<Told> => [
          { name: "davee", ratings: [[1, stars]] },
          {
            name: "secretive",
            ratings: [
              [1, stars],
              [2, 2]
            ]
          },
          { name: "zoe", ratings: [[3, stars]] }
        ]
        yield* open(startNew, (dataset) => dataset.commit(batchOf(dataset.state, 1, lists(4), seen)))
        // Read again, so that there is a history.
        yield* open(goOn, (dataset) =>
          dataset.commit({ ...batchOf(dataset.state, 2, lists(1), seen), keeps: ["changes"] })
        )
        const asked = [username("secretive"), username("never_was_here")]
        // A name that led to one of them, until somebody else took it.
        yield* open(goOn, (dataset) => {
          const batch = batchOf(dataset.state, 3, [{ name: "zoe", ratings: [[3, 1]] }], seen)
          const members = batch.members.map((member) => ({
            ...member,
            write: "append" as const,
            ratings: [],
            record: { ...member.record, state: "renamed" as const, renamedTo: username("never_was_here") }
          }))
          return dataset.commit({ ...batch, members })
        })
        yield* open(goOn, (dataset) =>
          dataset.commit(batchOf(dataset.state, 4, [{ name: "zoe", ratings: [[3, 1]] }], seen))
        )
        const readingsOfZoe = ({ readings }: Pick<OpenDataset, "readings">) =>
          Effect.map(Stream.runCollect(readings), (all) => [...all].filter(({ userId }) => userId === 3))
        const before = yield* open(goOn, readingsOfZoe)
        assert.isTrue(before.some(({ renamedTo }) => renamedTo === "never_was_here"))
        yield* open(goOn, (dataset) =>
          Effect.gen(function* () {
            const whom = whomToForget(dataset.state, asked)
            assert.deepStrictEqual(whom.unknown, [username("never_was_here")])
            const batch = yield* forgettingBatch(dataset.state, whom, DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, 5)))
            assert.deepStrictEqual(yield* dataset.commit(batch), { batches: 5, ratings: 2 })
          })
        )
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
        yield* open(goOn, (dataset) =>
          Effect.gen(function* () {
            const { state } = dataset
            assert.deepStrictEqual([...state.users.values()], [1, 2, 3, 4])
            assert.isFalse(asked.some((name) => state.users.has(name) || state.updates.has(name)))
            assert.deepStrictEqual(
              forgottenIn(state).map(({ userId }) => userId as number),
              [2, 4]
            )
            const isForgotten = isForgottenIn(state)
            assert.deepStrictEqual([...asked, username("davee")].map(isForgotten), [true, true, false])
            for (const table of [dataset.ratings, dataset.changes, dataset.readings] as const) {
              const rows: Stream.Stream<{ readonly userId: number }, StorageError> = table
              const ids = new Set(Chunk.toReadonlyArray(yield* Stream.runCollect(rows)).map(({ userId }) => userId))
              assert.deepStrictEqual([...ids].toSorted(), [1, 3])
            }
            assert.deepStrictEqual(
              yield* readingsOfZoe(dataset),
              before.map(({ renamedTo: _, ...reading }) => reading)
            )
            const receipt = yield* dataset.commit(batchOf(state, 6, [{ name: "newcomer", ratings: [[1, 5]] }], seen))
            assert.deepStrictEqual([receipt.batches, receipt.ratings], [6, 3])
          })
        )
        const { state } = yield* storage((service) => service.inspect)
        assert.strictEqual(state.users.get(username("newcomer")), 5)
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
      })
    )

    test(
      "forgets a name that somebody else had before, in the history too, and nothing of that member",
      Effect.gen(function* () {
        const { open, storage } = yield* freshPlace
        const seen = [1, 2].map((id) => film({ id, slug: `film-${id}` }))
        yield* open(startNew, (dataset) =>
          dataset.commit(batchOf(dataset.state, 1, [{ name: "davee", ratings: [[1, 4]] }], seen))
        )
        yield* open(goOn, (dataset) =>
          Effect.gen(function* () {
            const rename = { from: username("davee"), to: username("david") }
            const held = yield* heldRowsOf(dataset, [UserId.make(1)])
            const at = DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, 2))
            yield* dataset.commit({
              members: renamingMembers(dataset.state, rename, held.get(UserId.make(1)) ?? noHeldRows, at),
              newFilms: [],
              changedFilms: [],
              keeps: ["changes"],
              committedAt: at
            })
          })
        )
        yield* open(goOn, (dataset) =>
          dataset.commit(batchOf(dataset.state, 3, [{ name: "davee", ratings: [[2, 3]] }], seen))
        )
        const namesOfFirst = ({ readings }: Pick<OpenDataset, "readings">) =>
          Effect.map(Stream.runCollect(readings), (all) =>
            [...all].flatMap(({ userId, username: name }) => (userId === 1 ? [name as string] : []))
          )
        assert.deepStrictEqual(yield* open(goOn, namesOfFirst), ["davee", "david"])
        yield* open(goOn, (dataset) =>
          Effect.gen(function* () {
            const whom = whomToForget(dataset.state, [username("davee")])
            assert.deepStrictEqual([...whom.names], [[username("davee"), 1]])
            yield* dataset.commit(
              yield* forgettingBatch(dataset.state, whom, DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, 4)))
            )
          })
        )
        assert.deepStrictEqual(yield* open(goOn, namesOfFirst), ["david", "david"])
        const { state } = yield* storage((service) => service.inspect)
        assert.strictEqual(state.members.get(username("david"))?.ratings, 1)
        assert.isFalse(state.users.has(username("davee")))
        assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
      })
    )

    test(
      "gives members other names: ids, rows and history stay, and two may exchange theirs",
      Effect.gen(function* () {
        const { open, storage } = yield* freshPlace
        const seen = [1, 2, 3].map((id) => film({ id, slug: `film-${id}` }))
        const lists = (stars: number): ReadonlyArray<Told> => [
          {
            name: "old_name",
            ratings: [
              [1, stars],
              [2, 2]
            ]
          },
          { name: "zoe", ratings: [[3, stars]] }
        ]
        const minute = (n: number) => DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, n))
        const oldName = username("old_name")
        const midName = username("mid_name")
        const newName = username("new_name")
        const commit = (n: number, members: Batch["members"]) => (dataset: OpenDataset) =>
          dataset.commit({ members, newFilms: [], changedFilms: [], keeps: ["changes"], committedAt: minute(n) })
        const isSound = Effect.map(
          storage((service) => service.verify({ repair: false })),
          ({ problems }) => assert.deepStrictEqual(problems, [])
        )
        yield* open(startNew, (dataset) => dataset.commit(batchOf(dataset.state, 1, lists(4), seen)))
        yield* open(goOn, (dataset) => {
          const rename = { from: oldName, to: midName }
          return commit(2, renamingMembers(dataset.state, rename, noHeldRows, minute(2)))(dataset)
        })
        yield* isSound
        const { state: first } = yield* storage((service) => service.inspect)
        assert.deepStrictEqual(idsIn(first), { mid_name: 1, zoe: 2, old_name: 3 })
        assert.deepStrictEqual(first.members.get(oldName)?.renamedTo, midName)
        // The new name is there already, because it was found before anybody knew whose it is.
        yield* open(goOn, (dataset) =>
          dataset.commit(batchOf(dataset.state, 3, [{ name: "new_name", ratings: [[1, 4]] }], seen))
        )
        yield* open(goOn, (dataset) => {
          const record = dataset.state.members.get(midName)
          if (record === undefined) return Effect.void
          const renamed = { ...record, state: "renamed" as const, renamedTo: newName }
          return commit(4, [{ record: renamed, isNew: false, write: "append", ratings: [] }])(dataset)
        })
        yield* open(goOn, (dataset) =>
          Effect.gen(function* () {
            const { joined, members } = yield* joinNames(dataset, liveMembersOf(dataset.state), new Set(), minute(5))
            assert.deepStrictEqual(joined, [{ from: midName, to: newName }])
            yield* commit(5, members)(dataset)
            assert.deepStrictEqual(yield* rowsIn(dataset), [
              [2, 3, 4],
              [1, 1, 4]
            ])
          })
        )
        yield* isSound
        const { state } = yield* storage((service) => service.inspect)
        assert.deepStrictEqual(idsIn(state), { new_name: 1, zoe: 2, old_name: 3, mid_name: 4 })
        assert.deepStrictEqual(
          [...state.members.values()]
            .toSorted((one, other) => one.userId - other.userId)
            .map(({ ratings, state: memberState, username: name }) => [name, memberState, ratings]),
          [
            ["new_name", "sealed", 1],
            ["zoe", "sealed", 1],
            ["old_name", "renamed", 0],
            ["mid_name", "renamed", 0]
          ]
        )
        const changes = yield* open(goOn, (dataset) => Stream.runCollect(dataset.changes))
        assert.deepStrictEqual(
          Chunk.toReadonlyArray(changes).map(({ after, before, filmId, userId }) => [userId, filmId, before, after]),
          [
            [1, 2, 2, undefined],
            [4, 1, 4, undefined]
          ]
        )
      })
    )

    test(
      "never lets the time of its last commit go back, and says so where a clock does",
      Effect.gen(function* () {
        const { open, storage } = yield* freshPlace
        const list = (stars: number) => [{ name: "davee", ratings: [[1, stars]] as const }]
        const one = [film({ id: 1, slug: "film-1" })]
        const first = yield* open(startNew, (dataset) => dataset.commit(batchOf(dataset.state, 9, list(4), one)))
        assert.isUndefined(first.notes)
        // Again after an hour that the clock was set back by.
        const later = yield* open(goOn, (dataset) =>
          dataset.commit({ ...batchOf(dataset.state, 3, list(1), one), keeps: ["changes"] })
        )
        assert.strictEqual(later.notes?.length, 1)
        assert.include(
          later.notes?.[0],
          "The clock is behind: the last batch was committed at 2026-01-01T00:09:00.000Z."
        )
        const { committedAt } = yield* storage((service) => service.inspect)
        assert.strictEqual(committedAt.epochMillis, Date.UTC(2026, 0, 1, 0, 9) + 1)
        const changes = yield* open(goOn, (dataset) => Stream.runCollect(dataset.changes))
        assert.deepStrictEqual(
          Chunk.toReadonlyArray(changes).map(({ at, before, after }) => [at.epochMillis, before, after]),
          [[Date.UTC(2026, 0, 1, 0, 9) + 1, 4, 1]]
        )
      })
    )

    test(
      "tells what it was at the end of any batch, since members were read again",
      Effect.forEach(
        fc.sample(readings, { numRuns: Math.ceil(runs / 8), seed: 12 }),
        (steps) =>
          Effect.gen(function* () {
            const { open, storage } = yield* freshPlace
            const copy = yield* freshPlace
            const lists = new Map<string, ReadonlyMap<number, number>>()
            const then: Array<ReadonlyMap<string, ReadonlyMap<number, number>>> = []
            for (const [n, { isWhole, members }] of steps.entries()) {
              yield* open(n === 0 ? startNew : goOn, (dataset) => {
                const told = members.map(({ films, name }): Told & { readonly total: number } => {
                  const before = lists.get(name) ?? new Map<number, number>()
                  const now = new Map(films)
                  const isGrown = !isWhole && [...before].every(([id, stars]) => now.get(id) === stars)
                  lists.set(name, now)
                  return {
                    name,
                    total: now.size,
                    ratings: isGrown ? [...now].filter(([id]) => !before.has(id)) : [...now],
                    write: isGrown ? "append" : "replace"
                  }
                })
                const seen = [1, 2, 3, 4, 5].map((id) => film({ id, slug: `film-${id}` }))
                const batch = batchOf(dataset.state, n, told, seen)
                return dataset.commit({
                  ...batch,
                  members: batch.members.map((member, i) => ({
                    ...member,
                    ...(member.isNew ? { write: "append" as const } : {}),
                    record: { ...member.record, ratings: told[i]?.total ?? 0 }
                  })),
                  // The first batch that reads somebody again begins to keep history.
                  keeps: areReadAgain(dataset.state, batch.members) ? ["changes"] : []
                })
              })
              then.push(new Map(lists))
            }
            assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
            for (const [n, listsThen] of then.entries()) {
              const at = DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, n, 30))
              const asOf = storage((from) =>
                Effect.scoped(
                  Effect.gen(function* () {
                    const whole = yield* datasetAsOf(yield* readWhole(from), at, { storage: name, place: from.place })
                    return { whole, rows: Chunk.toReadonlyArray(yield* Stream.runCollect(rowsOfBlocks(whole.ratings))) }
                  })
                )
              )
              const { rows, whole } = yield* asOf
              const told = new Map(
                Array.from(whole.state.users, ([username, userId]) => [
                  username as string,
                  new Map(
                    rows
                      .filter((row) => row.userId === userId)
                      .map((row) => [row.filmId as number, row.rating as number])
                  )
                ])
              )
              const sorted = (all: ReadonlyMap<string, ReadonlyMap<number, number>>) =>
                Array.from(
                  all,
                  ([username, list]) => [username, [...list].toSorted(([a], [b]) => a - b)] as const
                ).toSorted(([a], [b]) => (a < b ? -1 : 1))
              assert.deepStrictEqual(sorted(told), sorted(listsThen))
              assert.strictEqual(whole.state.ratings, rows.length)
            }
            // It is a dataset like any other.
            const middle = DateTime.unsafeMake(Date.UTC(2026, 0, 1, 0, Math.floor(steps.length / 2), 30))
            yield* storage((from) =>
              copy.storage((to) =>
                Effect.scoped(
                  Effect.gen(function* () {
                    const whole = yield* readWhole(from)
                    yield* loadWhole(yield* datasetAsOf(whole, middle, { storage: name, place: "" }), to, "refuse")
                  })
                )
              )
            )
            assert.deepStrictEqual((yield* copy.storage((service) => service.verify({ repair: false }))).problems, [])
            const early = yield* storage((from) =>
              Effect.scoped(
                Effect.flatMap(readWhole(from), (whole) =>
                  Effect.flip(datasetAsOf(whole, DateTime.unsafeMake(0), { storage: name, place: "" }))
                )
              )
            )
            assert.strictEqual(early.reason, "NothingThere")
          }),
        { discard: true }
      )
    )

    test(
      "says what it holds without being opened",
      Effect.gen(function* () {
        const { open, storage } = yield* freshPlace
        yield* open(startNew, commitRest)
        const { bytes, committedAt, state } = yield* storage((service) => service.inspect)
        assert.deepStrictEqual([...state.users.keys()] as ReadonlyArray<string>, [
          "null",
          "empty",
          "hidden",
          "half",
          "123",
          "last"
        ])
        assert.strictEqual(committedAt.epochMillis, Date.UTC(2026, 0, 1, 0, 5))
        assert.isAbove(bytes, 0)
        const { problems, ratings } = yield* storage((service) => service.verify({ repair: false }))
        assert.deepStrictEqual(problems, [])
        assert.strictEqual(ratings, 6)
      })
    )

    test(
      `commits and reads ${manyRows.toLocaleString("en-US")} rows in bounded memory`,
      Effect.gen(function* () {
        const { open, storage } = yield* freshPlace
        const perMember = 1_000
        const perBatch = 10_000
        const films = Array.from({ length: perMember }, (_, i) =>
          film({ id: i + 1, slug: `film-${i + 1}`, title: `Film ${i + 1}`, year: 1950 + (i % 70) })
        )
        const before = process.memoryUsage().rss
        const written = yield* open(startNew, (dataset) =>
          Effect.gen(function* () {
            const users = new Map(dataset.state.users)
            const known = new Map(dataset.state.films)
            let total = 0
            for (let batchNumber = 0; batchNumber < manyRows / perBatch; batchNumber++) {
              const members = Array.from({ length: perBatch / perMember }, (_, i): Told => ({
                name: `member_${batchNumber * (perBatch / perMember) + i}`,
                ratings: films.map(({ id }) => [id, (((id + i) % 10) + 1) / 2] as const)
              }))
              const batch = batchOf({ users, films: known }, batchNumber, members, films)
              for (const { record } of batch.members) users.set(record.username, record.userId)
              for (const added of batch.newFilms) known.set(added.id, added)
              total = (yield* dataset.commit(batch)).ratings
            }
            return total
          })
        )
        assert.strictEqual(written, manyRows)
        const counted = yield* open(goOn, (dataset) =>
          Stream.runFold(dataset.ratings, { rows: 0, stars: 0 }, ({ rows, stars }, row) => ({
            rows: rows + 1,
            stars: stars + row.rating
          }))
        )
        assert.strictEqual(counted.rows, manyRows)
        assert.strictEqual(counted.stars, manyRows * 2.75)
        assert.deepStrictEqual(yield* storage((service) => service.verify({ repair: false })), {
          ratings: manyRows,
          problems: [],
          repaired: []
        })
        assert.isBelow(process.memoryUsage().rss - before, 400_000_000)
      })
    )

    test(
      "is what a simple model says after any sequence of batches and openings",
      Effect.gen(function* () {
        const step = fc.record({
          members: fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { maxLength: 4 }),
          films: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
          version: fc.integer({ min: 0, max: 2 }),
          reopen: fc.boolean()
        })
        const histories = fc.sample(fc.array(step, { minLength: 1, maxLength: 8 }), { numRuns: runs, seed: 4 })
        for (const steps of histories) {
          const { open, reopened, rows, storage } = yield* freshPlace
          const model = {
            users: new Map<string, number>(),
            films: new Map<number, string | undefined>(),
            rows: [] as Array<Row>
          }
          const sessions: Array<typeof steps> = [[]]
          for (const one of steps) {
            if (one.reopen && (sessions.at(-1)?.length ?? 0) > 0) sessions.push([])
            sessions.at(-1)?.push(one)
          }
          let n = 0
          for (const [i, session] of sessions.entries()) {
            yield* open(i === 0 ? startNew : goOn, (dataset) =>
              Effect.gen(function* () {
                const users = new Map(dataset.state.users)
                const known = new Map(dataset.state.films)
                for (const { films, members, version } of session) {
                  n += 1
                  const seen = films.map((id) =>
                    film({ id, slug: `f${id}-v${version}`, title: `F${id}`, year: 2000 + version })
                  )
                  const told = members.map((id): Told => ({
                    name: `member_${id}`,
                    ratings: films.map((filmId) => [filmId, (((filmId + id + n) % 10) + 1) / 2] as const)
                  }))
                  const batch = batchOf({ users, films: known }, n, told, seen)
                  yield* dataset.commit(batch)
                  for (const { isNew, ratings, record, write } of batch.members) {
                    if (isNew) model.users.set(record.username, record.userId)
                    users.set(record.username, record.userId)
                    if (write === "replace") model.rows = model.rows.filter(([user]) => user !== record.userId)
                    for (const { filmId, rating, userId } of ratings) model.rows.push([userId, filmId, rating])
                  }
                  for (const added of batch.newFilms) known.set(added.id, added)
                  for (const { after } of batch.changedFilms) known.set(after.id, after)
                  for (const { id, slug } of [...batch.newFilms, ...batch.changedFilms.map(({ after }) => after)])
                    model.films.set(id, slug)
                }
              })
            )
          }
          const state = yield* reopened
          assert.deepStrictEqual(
            state.users,
            [...model.users].map(([who, id]) => `${who}=${id}`)
          )
          assert.deepStrictEqual(
            state.films.map(([id, slug]) => [id, slug]),
            [...model.films]
          )
          assert.deepStrictEqual(yield* rows, model.rows)
          assert.strictEqual(state.ratings, model.rows.length)
          assert.deepStrictEqual((yield* storage((service) => service.verify({ repair: false }))).problems, [])
        }
      })
    )
  })
}
