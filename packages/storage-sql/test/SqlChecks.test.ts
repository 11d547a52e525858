import { assert, describe, it } from "@effect/vitest"
import {
  allKeeps,
  checksInSql,
  type DatasetContent,
  EncodedRating,
  EncodedWatch,
  Film,
  formatOf,
  type Keeps,
  type Member,
  MemberRecord,
  noKeeps,
  problemsOf,
  UserId,
  Username
} from "@letterboxd-ratings/core"
import { quoted, quotedAll } from "@letterboxd-ratings/storage-sql"
import { DateTime, Effect, Schema } from "effect"
import * as fc from "fast-check"
import { type HeldTable, rowTableIn, stateTablesIn } from "../src/DeclaredTables.ts"
import { add } from "../src/RowStatements.ts"
import { inMemory } from "./InMemory.ts"

const rating = Schema.decodeUnknownSync(EncodedRating)
const watch = Schema.decodeUnknownSync(EncodedWatch)
const film = Schema.decodeUnknownSync(Film)
const record = Schema.decodeUnknownSync(MemberRecord)
const username = Schema.decodeUnknownSync(Username)
const userId = Schema.decodeUnknownSync(UserId)

const at = DateTime.unsafeMake(0)

/** A user of a random dataset: what its films are, by number: seen, or rated. */
interface Told {
  readonly isKnown: boolean
  readonly state: MemberRecord["state"]
  readonly rated: ReadonlyArray<number>
  readonly seen: ReadonlyArray<number>
}

const told: fc.Arbitrary<Told> = fc
  .record({
    isKnown: fc.boolean(),
    state: fc.constantFrom("sealed" as const, "partial" as const, "gone" as const),
    films: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }),
    rated: fc.nat(6)
  })
  .map(({ films, isKnown, rated, state }) => ({
    isKnown,
    state,
    rated: films.slice(0, rated),
    seen: films.slice(rated)
  }))

const contentOf = (people: ReadonlyArray<Told>, gaps: number, keeps: Keeps): DatasetContent => {
  const users = new Map(people.map((_, i) => [username(`user_${i}`), userId(i + 1 + gaps)]))
  const records = people.flatMap(({ isKnown, rated, state }, i) =>
    isKnown
      ? [
          record({
            username: `user_${i}`,
            userId: i + 1 + gaps,
            state,
            readAt: DateTime.formatIso(at),
            lastPage: 1,
            missing: [],
            films: rated.length,
            ratings: rated.length,
            doubts: [],
            verdicts: {}
          })
        ]
      : []
  )
  const ratings = people.flatMap(({ rated }, i) =>
    rated.map((filmId) => rating({ userId: i + 1 + gaps, filmId, rating: 3.5 }))
  )
  const watched = keeps.has("watched")
    ? people.flatMap(({ seen }, i) => seen.map((filmId) => watch({ userId: i + 1 + gaps, filmId })))
    : []
  return {
    state: {
      users,
      films: new Map([1, 2, 3, 4, 5, 6].map((id) => film({ id, slug: `f${id}` })).map((one) => [one.id, one])),
      members: new Map(records.map((one) => [one.username, one])),
      updates: new Map(records.flatMap((one) => (one.state === "sealed" ? [[one.username, at] as const] : []))),
      keeps,
      batches: 1,
      ratings: ratings.length,
      watched: watched.length,
      changes: 0,
      readings: 0
    },
    rows: { ratings, watched, changes: [], readings: [] },
    committedAt: at,
    idGaps: gaps
  }
}

type Damage = (content: DatasetContent, n: number) => DatasetContent

const withState = (content: DatasetContent, state: Partial<DatasetContent["state"]>): DatasetContent => ({
  ...content,
  state: { ...content.state, ...state }
})

const withRows = (content: DatasetContent, rows: Partial<DatasetContent["rows"]>): DatasetContent => ({
  ...content,
  rows: { ...content.rows, ...rows }
})

const without = <K, V>(map: ReadonlyMap<K, V>, n: number): ReadonlyMap<K, V> =>
  new Map([...map].filter((_, i) => i !== n % map.size))

const damages: { readonly [what: string]: Damage } = {
  "unknown user": (content, n) =>
    withRows(content, {
      ratings: content.rows.ratings.map((row, i) => (i === n ? { ...row, userId: userId(99) } : row)),
      watched: content.rows.watched.map((row, i) => (i === n ? { ...row, userId: userId(98) } : row))
    }),
  "unknown film": (content, n) =>
    withRows(content, {
      ratings: content.rows.ratings.map((row, i) => (i === n ? { ...row, filmId: 77 as typeof row.filmId } : row))
    }),
  "a row twice": (content, n) =>
    withRows(content, { ratings: content.rows.ratings.flatMap((row, i) => (i === n ? [row, row] : [row])) }),
  "rated and seen": (content, n) =>
    content.state.keeps.has("watched")
      ? withRows(content, {
          watched: [
            ...content.rows.watched,
            ...content.rows.ratings.slice(n, n + 1).map(({ filmId, userId }) => ({ userId, filmId }))
          ]
        })
      : content,
  "a row is missing": (content, n) => withRows(content, { ratings: content.rows.ratings.filter((_, i) => i !== n) }),
  "another number of rows": (content, n) => withState(content, { ratings: content.state.ratings + n }),
  "a record with another number of ratings": (content, n) =>
    withState(content, {
      members: new Map(
        [...content.state.members].map(([name, one], i) => [name, i === n ? { ...one, ratings: one.ratings + 1 } : one])
      )
    }),
  "a time is missing": (content, n) => withState(content, { updates: without(content.state.updates, n) }),
  "an id is missing": (content, n) =>
    content.state.users.size < 2 || n >= content.state.users.size - 1
      ? content
      : withState(content, {
          users: without(content.state.users, n),
          members: new Map([...content.state.members].filter(([name]) => name !== [...content.state.users.keys()][n])),
          updates: new Map([...content.state.updates].filter(([name]) => name !== [...content.state.users.keys()][n]))
        }),
  "more ids are skipped": (content, n) => ({ ...content, idGaps: content.idGaps + n })
}

/** What the checks in SQL find in a dataset whose tables have no constraints, or it could not be stored. */
const problemsInSql = ({ idGaps, rows, state }: DatasetContent) =>
  Effect.gen(function* () {
    const database = inMemory()
    const layout = { format: formatOf(state.keeps), keeps: state.keeps }
    const put = <Row>(table: HeldTable<Row>, all: ReadonlyArray<Row>) =>
      Effect.zipRight(
        database.sql.unsafe(
          `create table ${quoted(table.name)} ("position"${table.isLarge ? " integer primary key" : ""}, ${quotedAll(table.columns.map(({ name }) => name))})`
        ),
        add(database, table, all)
      )
    const tables = stateTablesIn(layout)
    yield* put(tables.films, [...state.films.values()])
    yield* put(
      tables.members,
      Array.from(state.users, ([name, id]): Member => state.members.get(name) ?? { username: name, userId: id })
    )
    yield* put(
      tables.updates,
      [...state.updates].flatMap(([name, lastUpdated]) => {
        const id = state.users.get(name)
        return id === undefined ? [] : [{ userId: id, lastUpdated }]
      })
    )
    yield* put(rowTableIn("ratings", layout), rows.ratings)
    yield* put(rowTableIn("watched", layout), rows.watched)
    yield* put(rowTableIn("changes", layout), rows.changes)
    yield* put(rowTableIn("readings", layout), rows.readings)
    const { changes, ratings, readings, watched } = state
    const problems: Array<unknown> = []
    for (const check of checksInSql({
      table: quoted,
      keeps: state.keeps,
      idGaps,
      counts: { ratings, watched, changes, readings }
    })) {
      for (const [message] of yield* database.sql.unsafe(check).values) problems.push(message)
    }
    return problems
  })

describe("the checks of a dataset", () => {
  it.effect("find in SQL what they find in rows that are read, whatever is damaged", () =>
    Effect.gen(function* () {
      const found = new Set<string>()
      const samples = fc.sample(
        fc.record({
          people: fc.array(told, { minLength: 1, maxLength: 4 }),
          gaps: fc.nat(2),
          keeps: fc.constantFrom(noKeeps, allKeeps),
          damaged: fc.array(fc.record({ what: fc.constantFrom(...Object.keys(damages)), n: fc.nat(4) }), {
            maxLength: 3
          })
        }),
        { numRuns: 100, seed: 10 }
      )
      for (const { damaged, gaps, keeps, people } of samples) {
        const sound = contentOf(people, gaps, keeps)
        assert.deepStrictEqual(problemsOf(sound), [])
        const content = damaged.reduce((before, { n, what }) => damages[what]?.(before, n) ?? before, sound)
        const problems = problemsOf(content)
        assert.sameMembers([...(yield* problemsInSql(content))], [...problems], JSON.stringify({ damaged, problems }))
        for (const problem of problems) found.add(problem.replaceAll(/user_\d+|\d+/gu, "#"))
      }
      // One of each kind, in two tables where there are two.
      assert.strictEqual(found.size, 9, [...found].join("\n"))
    })
  )
})
