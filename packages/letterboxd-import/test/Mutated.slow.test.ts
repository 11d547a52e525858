import { NodeContext } from "@effect/platform-node"
import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { FilmId, type InputCounts } from "@letterboxd-ratings/core"
import {
  type DatasetFiles,
  expectedRatings,
  feedPage,
  freethFiles,
  generateWorld,
  movieLensFiles,
  originalFiles,
  plantedReview,
  samlearnerFiles,
  type WorldMember
} from "@letterboxd-ratings/fixtures"
import { DateTime, Effect, Stream } from "effect"
import { randomCases } from "../../../vitest.sample.ts"
import { type Candidate, feed, type ImportOptions, type InputKind, tables } from "../src/index.ts"
import { folderWith, knownFilms, noOptions, sortedItems } from "./ImportedItems.ts"
import { mutated } from "./Mutations.ts"

const world = generateWorld({ seed: 8, members: 6, mostFilms: 60, private: [], gone: [], renamed: [] })
const small = {
  members: world.members.map((member): WorldMember => Object.assign({}, member, { films: member.films.slice(0, 25) }))
}
const films = knownFilms(Array.from(expectedRatings(small), ({ film }) => [film.slug, FilmId.make(film.id)] as const))
const whole = new Set(
  Array.from(expectedRatings(small), ({ film, rating, username }) => `${username} ${film.id} ${rating}`)
)
const candidate = (path: string): Candidate => ({
  path,
  isFolder: false,
  bytes: 0,
  modifiedAt: DateTime.unsafeMake(0),
  head: new Uint8Array(),
  entries: []
})

/** Every half star, every film and every member that are told are possible ones. */
const check = (
  { items, members, refused, aside, read }: ReturnType<typeof sortedItems>,
  isByLines: boolean,
  rows: (counts: InputCounts) => boolean,
  seed: number
) => {
  const words = `seed ${seed}`
  assert.strictEqual(items[0]?._tag, "Found", words)
  assert.strictEqual(read.length + refused.length, 1, words)
  assert.notInclude(JSON.stringify(items), plantedReview, words)
  for (const error of refused) {
    assert.notInclude(error.message, plantedReview, words)
    assert.notInclude(String(error.cause ?? ""), plantedReview, words)
  }
  for (const { list, username } of members) {
    assert.match(username, /^[a-z0-9_]{2,15}$/u)
    const watched =
      list._tag === "Unproven" ? list.films : list._tag === "Entries" ? list.entries.map((entry) => entry.watched) : []
    assert.isNotEmpty(watched, words)
    assert.strictEqual(new Set(watched.map(({ film }) => film.id)).size, watched.length, words)
    for (const { film, rating } of watched) {
      assert.isTrue(Number.isInteger(film.id) && film.id > 0, words)
      if (rating === undefined) continue
      assert.isTrue(rating >= 0.5 && rating <= 5 && Number.isInteger(rating * 2), words)
      if (isByLines)
        assert.isTrue(whole.has(`${username} ${film.id} ${rating}`), `${words}: ${username} ${film.id} ${rating}`)
    }
  }
  for (const { halfStars } of aside)
    assert.isTrue(halfStars >= 1 && halfStars <= 10 && Number.isInteger(halfStars), words)
  for (const { counts } of read) {
    assert.isTrue(rows(counts), `${words}: ${JSON.stringify(counts)}`)
    assert.strictEqual(counts.members, members.length, words)
  }
}

const run = (kind: InputKind, path: string, options: ImportOptions) =>
  Effect.map(Stream.runCollect(kind.items([candidate(path)], options, films)), sortedItems)

const cases = randomCases("mutated tables and feeds", { full: 10_000, fullSeed: 1, most: 300 })

describe("damaged inputs", () => {
  it.scoped(
    "are read or refused, with no rating that nobody gave",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const datasets: ReadonlyArray<readonly [name: string, files: DatasetFiles, damaged: ReadonlyArray<string>]> = [
          ["samlearner", samlearnerFiles(small), ["ratings_export.csv", "movie_data.csv"]],
          ["freeth", freethFiles(small), ["ratings.csv", "films.csv"]],
          [
            "movielens",
            movieLensFiles(small, { links: "letterboxd", users: true }),
            ["ratings.csv", "links.csv", "users.csv"]
          ],
          ["original", originalFiles(small, "latest"), ["latest_raw_user_ratings.csv", "latest_user_mappings.csv"]],
          ["table", { "ratings.csv": freethFiles(small)["ratings.csv"] ?? "" }, ["ratings.csv"]]
        ]
        const prepared = yield* Effect.forEach(datasets, ([name, files, damaged]) =>
          Effect.map(folderWith(files), (folder) => ({ name, files, damaged, folder }))
        )
        for (let n = 0; n < cases.count; n++) {
          const seed = cases.seed + n
          const dataset = prepared[n % prepared.length]
          const kind = tables.find(({ name }) => name === dataset?.name)
          if (dataset === undefined || kind === undefined) continue
          const { damaged, files, folder, name } = dataset
          const file = damaged[seed % damaged.length] ?? ""
          const { isByLines, text } = mutated(files[file] ?? "", seed)
          yield* fs.writeFileString(`${folder}/${file}`, text)
          const place =
            name === "table" ? { path: `${folder}/ratings.csv`, isFolder: false } : { path: folder, isFolder: true }
          const options = { ...noOptions, columns: { user: "user_name", film: "film_id", rating: "rating" } }
          const read = sortedItems(
            yield* Stream.runCollect(kind.items([{ ...candidate(folder), ...place }], options, films))
          )
          const isRatings = file === damaged[0]
          const lines = (isRatings ? text : (files[damaged[0] ?? ""] ?? "")).split("\n").length
          // A table of users that lost its first lines can name others; that is not told by any row.
          check(
            read,
            isByLines && name !== "table",
            ({ ignored = 0, notDecoded = 0, ratings = 0, withoutNumber = 0 }) => {
              const rows = ignored + notDecoded + ratings + withoutNumber
              return isRatings ? rows <= lines : rows >= lines - 2
            },
            seed
          )
          yield* fs.writeFileString(`${folder}/${file}`, files[file] ?? "")
        }
      }).pipe(Effect.provide(NodeContext.layer)),
    1_200_000
  )

  it.scoped(
    "as feeds too",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const feeds = small.members.filter((member) => member.films.length > 5).map(feedPage)
        const folder = yield* folderWith({ "rss.xml": "" })
        const path = `${folder}/rss.xml`
        for (let n = 0; n < cases.count; n++) {
          const seed = cases.seed + n
          const { isByLines, text } = mutated(feeds[n % feeds.length] ?? "", seed)
          yield* fs.writeFileString(path, text)
          const read = yield* run(feed, path, noOptions)
          const items = text.split("<item>").length - 1
          check(
            read,
            isByLines && text.split("</item>").length - 1 === items,
            ({ entries = 0, ignored = 0, notDecoded = 0, withoutNumber = 0 }) =>
              entries + ignored + notDecoded + withoutNumber <= items + 3,
            seed
          )
        }
      }).pipe(Effect.provide(NodeContext.layer)),
    1_200_000
  )
})
