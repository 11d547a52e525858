/**
 * What makes a dataset sound, for those who read its rows one after the other, and for those who can ask in SQL. Both
 * find the same, and say it in the same words:
 *
 * 1. Users have the ids 1, 2, 3 ..., but for those that the dataset is known to skip.
 * 2. Each member that is read completely has a time of its last complete reading.
 * 3. Rows name users and films of the dataset.
 * 4. No member has a film twice, rated or not.
 * 5. Tables and members have as many rows as is said.
 *
 * @since 0.1.0
 */
import { type DatasetState, noRows } from "./Batch.ts"
import type { Keeps } from "./Column.ts"
import { growingNumbers } from "./GrowingNumbers.ts"
import { type IdPlaces, idPlaces } from "./IdPlaces.ts"
import type { RatingBlock } from "./RatingBlock.ts"
import { type EncodedRating, type RowTable, rowTablesOf } from "./Tables.ts"

/** What is said of each fault. In SQL the same sentences are put together from columns. */
const sentences = {
  idGaps: (users: number, highest: number) =>
    `there are ${users} users, but ids up to ${highest}: ids are missing between`,
  noUpdate: (username: string) => `${username} is complete, but the time of the last complete reading is missing`,
  unknownUser: (table: RowTable, row: number, userId: number) => `row ${row} of ${table}: unknown user ${userId}`,
  unknownFilm: (table: RowTable, row: number, filmId: number) => `row ${row} of ${table}: unknown film ${filmId}`,
  twice: (userId: number, filmId: number) => `user ${userId} has film ${filmId} more than once`,
  rowsOfMember: (username: string, rows: number, said: number) =>
    `${username} has ${rows} ratings, but the member's record says ${said}`,
  rowsOfTable: (table: RowTable, rows: number, said: number) => `${table} has ${rows} rows where ${said} were committed`
}

/**
 * What is wrong with users, members and updates, in sentences. `idGaps` is how many user ids the dataset is known to
 * skip.
 *
 * @since 0.1.0
 * @category constructors
 */
export const problemsOfMembers = (
  { members, updates, users }: Pick<DatasetState, "members" | "updates" | "users">,
  idGaps: number
): ReadonlyArray<string> => {
  const problems: Array<string> = []
  let highest = 0
  for (const userId of users.values()) highest = Math.max(highest, userId)
  if (highest !== users.size + idGaps) problems.push(sentences.idGaps(users.size, highest))
  for (const { state, username } of members.values()) {
    if (state === "sealed" && !updates.has(username)) problems.push(sentences.noUpdate(username))
  }
  return problems
}

/** Rows of a user that stand together: the first of them, and the one after the last. */
interface Run {
  readonly from: number
  readonly to: number
}

/** The films of users by their places, in memory that grows with them: four bytes for each row. */
const makePairs = (users: IdPlaces, films: IdPlaces, expected: number) => {
  const filmOf = growingNumbers((n) => new Int32Array(n), expected)
  const runs = new Map<number, Array<Run>>()
  return {
    /** Adds a film of the user whose rows are read. */
    add: filmOf.add,
    /** The rows since `from` were those of a user. */
    endRun: (user: number, from: number) => {
      const to = filmOf.length()
      if (from === to) return
      const known = runs.get(user)
      if (known === undefined) runs.set(user, [{ from, to }])
      else known.push({ from, to })
    },
    size: filmOf.length,
    twice: (most: number): ReadonlyArray<string> => {
      const found: Array<string> = []
      const userIds = users.ids()
      const filmIds = films.ids()
      // Which user had a film last, one higher: 0 is nobody.
      const seenBy = new Int32Array(films.size())
      for (const [user, rows] of [...runs].toSorted(([one], [other]) => one - other)) {
        const again = new Set<number>()
        for (const { from, to } of rows)
          for (let row = from; row < to; row++) {
            const film = filmOf.at(row)
            if (seenBy[film] === user + 1) again.add(filmIds[film] ?? 0)
            seenBy[film] = user + 1
          }
        for (const filmId of [...again].toSorted((one, other) => one - other)) {
          if (found.length === most) return found
          found.push(sentences.twice(userIds[user] ?? 0, filmId))
        }
      }
      return found
    }
  }
}

/** What rows have: a user, and a film where they are about one. */
type UserAndFilm = Pick<EncodedRating, "userId"> & Partial<Pick<EncodedRating, "filmId">>

/**
 * Checks rows as they are read: give it all rows of each table in their order, then ask for the `end`. `problems` are
 * the sentences so far, `mostProblems` at most. With `pairs` it remembers four bytes for each row, to find rows that
 * stand there twice; without, it does not look for them. With `table`, only that one is read. `seeRatings` takes ratings by
 * columns.
 *
 * @since 0.1.0
 * @category models
 */
export interface RowChecks {
  readonly problems: ReadonlyArray<string>
  readonly see: (table: RowTable, rows: Iterable<UserAndFilm>) => void
  readonly seeRatings: (block: RatingBlock) => void
  readonly end: () => ReadonlyArray<string>
}

/**
 * So many problems are told; a dataset with more is not better known for it.
 *
 * @since 0.1.0
 * @category models
 */
export const mostProblems = 100

/**
 * @since 0.1.0
 * @category constructors
 */
export const makeRowChecks = (
  state: DatasetState,
  options: { readonly pairs: boolean; readonly table?: RowTable }
): RowChecks => {
  const problems: Array<string> = []
  const users = idPlaces(state.users.values())
  const films = idPlaces(state.films.keys())
  const knownUsers = users.size()
  const knownFilms = films.size()
  const pairs = options.pairs ? makePairs(users, films, state.ratings + state.watched) : undefined
  const perUser = new Int32Array(knownUsers)
  const counts: { [T in RowTable]: number } = { ...noRows }
  const note = (problem: string) => {
    if (problems.length < mostProblems) problems.push(problem)
  }
  /** Looks at rows one after the other. */
  const looking = (table: RowTable) => {
    const paired = table === "changes" || table === "readings" ? undefined : pairs
    // Rows of a user mostly stand together.
    let last = 0
    let user = knownUsers
    let seen = 0
    let from = paired?.size() ?? 0
    const count = () => {
      if (user >= knownUsers) return
      if (table === "ratings") perUser[user] = (perUser[user] ?? 0) + seen
      paired?.endRun(user, from)
    }
    return {
      at: (userId: number, filmId: number | undefined) => {
        counts[table] += 1
        if (userId !== last) {
          count()
          last = userId
          user = users.at(userId)
          seen = 0
          from = paired?.size() ?? 0
        }
        seen += 1
        if (user >= knownUsers) note(sentences.unknownUser(table, counts[table], userId))
        if (filmId === undefined) return
        const film = films.at(filmId)
        if (film >= knownFilms) note(sentences.unknownFilm(table, counts[table], filmId))
        if (user < knownUsers) paired?.add(film)
      },
      count
    }
  }
  return {
    problems,
    see: (table, rows) => {
      const { at, count } = looking(table)
      for (const { filmId, userId } of rows) at(userId, filmId)
      count()
    },
    seeRatings: (block) => {
      const { at, count } = looking("ratings")
      const { filmIds, size, userIds } = block
      for (let row = 0; row < size; row++) at(userIds[row] ?? 0, filmIds[row] ?? 0)
      count()
    },
    end: () => {
      const read = options.table === undefined ? rowTablesOf(state.keeps) : [options.table]
      for (const table of read) {
        if (counts[table] !== state[table]) note(sentences.rowsOfTable(table, counts[table], state[table]))
      }
      for (const { ratings, userId, username } of read.includes("ratings") ? state.members.values() : []) {
        const rows = perUser[users.at(userId)] ?? 0
        if (rows !== ratings) note(sentences.rowsOfMember(username, rows, ratings))
      }
      for (const problem of pairs?.twice(mostProblems) ?? []) note(problem)
      return problems
    }
  }
}

/**
 * What a dataset in SQL tables says of itself, to be checked: the ids it skips, what it keeps, and the numbers of rows
 * it was said to have. `table` gives the name under which a statement finds a table; the tables have the columns that
 * `Tables` declares, and the large ones a column `position` that counts their rows in order, with or without gaps.
 *
 * @since 0.1.0
 * @category models
 */
export interface SqlTables {
  readonly table: (name: RowTable | "films" | "members" | "updates") => string
  readonly keeps: Keeps
  readonly idGaps: number
  readonly counts: { readonly [T in RowTable]: number }
}

/**
 * The same checks as queries, in SQL that SQLite, PostgreSQL and DuckDB understand alike. Each gives rows of one column,
 * `message`, and none where nothing is wrong; rows are numbered by their order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const checksInSql = ({ counts, idGaps, keeps, table }: SqlTables): ReadonlyArray<string> => {
  const members = table("members")
  const rowTables = rowTablesOf(keeps)
  const lists = rowTables.filter((name) => name !== "changes" && name !== "readings")
  // PostgreSQL looks through the whole of a long list again and again for what is "not in" it.
  const missingIn = (among: string, column: string) =>
    `not exists (select 1 from ${among} known where known.${column} = listed.${column})`
  // Counting up to a row costs a reading of the table, so it is done for the first few only.
  const unknown = (name: RowTable, what: "user" | "film", among: string) =>
    `select 'row ' || (select count(*) from ${table(name)} before where before.position <= found.position)
        || ' of ${name}: unknown ${what} ' || coalesce(cast(${what}_id as varchar), 'null') as message
      from (select position, ${what}_id from ${table(name)} listed where ${missingIn(among, `${what}_id`)}
        order by position limit ${mostProblems}) found order by position`
  return [
    `select 'there are ' || count(*) || ' users, but ids up to ' || max(user_id) || ': ids are missing between' as message
      from ${members} having max(user_id) <> count(*) + ${idGaps}`,
    `select username || ' is complete, but the time of the last complete reading is missing' as message
      from ${members} listed where state = 'sealed' and ${missingIn(table("updates"), "user_id")}`,
    ...rowTables.flatMap((name) => [
      unknown(name, "user", members),
      name === "readings" ? "" : unknown(name, "film", table("films")),
      `select '${name} has ' || count(*) || ' rows where ${counts[name]} were committed' as message
        from ${table(name)} having count(*) <> ${counts[name]}`
    ]),
    `select username || ' has ' || coalesce(n, 0) || ' ratings, but the member''s record says ' || m.ratings as message
      from ${members} m left join (select user_id, count(*) as n from ${table("ratings")} group by user_id) counted using (user_id)
      where m.state is not null and coalesce(n, 0) <> m.ratings`,
    `select 'user ' || user_id || ' has film ' || film_id || ' more than once' as message
      from (select user_id, film_id
        from (${lists.map((name) => `select user_id, film_id from ${table(name)}`).join(" union all ")}) listed
        group by user_id, film_id having count(*) > 1) twice
      where exists (select 1 from ${members} known where known.user_id = twice.user_id)`
  ]
    .filter((query) => query !== "")
    .map((query) => `${query} limit ${mostProblems}`)
}
