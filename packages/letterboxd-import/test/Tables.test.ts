import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FilmId, linkCode } from "@letterboxd-ratings/core"
import {
  expectedRatings,
  freethFiles,
  generateWorld,
  movieLensFiles,
  originalFiles,
  samlearnerFiles,
  type World
} from "@letterboxd-ratings/fixtures"
import { DateTime, Effect, Either, Option, Stream } from "effect"
import * as fc from "fast-check"
import { type ImportOptions, type InputKind, tables } from "../src/index.ts"
import { candidateOf, folderWith, itemsOf, knownFilms, noFilms, noOptions, ratingsIn } from "./ImportedItems.ts"

const kindOf = (name: string): InputKind => {
  const kind = tables.find((one) => one.name === name)
  if (kind === undefined) throw new Error(`there is no kind ${name}`)
  return kind
}

const world = generateWorld({ seed: 5, members: 30, mostFilms: 400, private: [3], gone: [4], renamed: [6] })

const expected = (from: World = world) =>
  Array.from(expectedRatings(from), ({ film, rating, username }) => `${username} ${film.id} ${rating}`).toSorted()

const filmIds = new Map(Array.from(expectedRatings(world), ({ film }) => [film.slug, FilmId.make(film.id)] as const))

const columns = { user: "user", film: "film", rating: "rating" }
const named: ImportOptions = { ...noOptions, columns }

/** A table of anybody's. */
const readTable = (content: string | Uint8Array, options: ImportOptions = named, films = noFilms) =>
  Effect.gen(function* () {
    const folder = yield* folderWith({ "t.csv": content })
    return yield* itemsOf(kindOf("table"), [`${folder}/t.csv`], options, films)
  })

const provide = Effect.provide(NodeContext.layer)

describe("tables", () => {
  it.scoped("recognises each dataset as one kind, by its folder and by its files", () =>
    Effect.gen(function* () {
      const datasets = {
        samlearner: samlearnerFiles(world),
        freeth: freethFiles(world),
        movielens: movieLensFiles(world, { links: "letterboxd", users: true }),
        original: originalFiles(world, "subfolders")
      }
      for (const [name, files] of Object.entries(datasets)) {
        const folder = yield* folderWith(files)
        const recognised = (place: string) =>
          Effect.map(candidateOf(place), (candidate) =>
            tables.filter((kind) => kind.recognises(candidate)).map((kind) => kind.name)
          )
        assert.deepStrictEqual(yield* recognised(folder), [name])
        for (const file of Object.keys(files).filter((file) => !file.includes("translated")))
          assert.deepStrictEqual(yield* recognised(`${folder}/${file}`), [name], file)
      }
      const folder = yield* folderWith({ "ratings.csv": "Date,Name,Year,Letterboxd URI,Rating\n", "profile.csv": "" })
      for (const kind of tables) {
        assert.isFalse(kind.recognises(yield* candidateOf(folder)), kind.name)
        assert.isFalse(kind.recognises(yield* candidateOf(`${folder}/ratings.csv`)), kind.name)
      }
    }).pipe(provide)
  )

  it.scoped("reads samlearner from its folder, films without posters by what is known", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith(samlearnerFiles(world))
      const read = yield* itemsOf(kindOf("samlearner"), [folder], noOptions, knownFilms(filmIds))
      assert.deepStrictEqual(ratingsIn(read), expected())
      assert.deepStrictEqual(read.aside, [])
      const counts = read.read[0]?.counts
      assert.strictEqual(counts?.ratings, expected().length)
      assert.strictEqual(counts?.notDecoded, 0)
      const first = read.members[0]
      assert.strictEqual(first?.source, "samlearner")
      assert.strictEqual(first && DateTime.formatIso(first.readAt), "2023-10-05T00:00:00.000Z")
      const films = new Map(
        read.members.flatMap(({ list }) =>
          list._tag === "Unproven" ? list.films.map(({ film }) => [film.slug, film]) : []
        )
      )
      const nan = films.get("nan" as never)
      assert.strictEqual(nan?.title, "NaN")
      assert.strictEqual(nan?.year, 2021)
      assert.strictEqual(nan?.tmdbId, (filmIds.get("nan") ?? 0) + 5)
      assert.strictEqual(nan?.imdbId, `tt${`${filmIds.get("nan")}`.padStart(7, "0")}`)
      assert.strictEqual(films.size, filmIds.size)
      assert.deepStrictEqual(
        read.tags.filter((tag) => tag !== "Member"),
        ["Found", "Read"]
      )
    }).pipe(provide)
  )

  it.scoped("keeps rows aside whose film has no number", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith(samlearnerFiles(world))
      const read = yield* itemsOf(kindOf("samlearner"), [`${folder}/ratings_export.csv`])
      const aside = read.aside.map(
        ({ halfStars, slug, username }) => `${username} ${filmIds.get(slug)} ${halfStars / 2}`
      )
      assert.isNotEmpty(aside)
      assert.deepStrictEqual([...ratingsIn(read), ...aside].toSorted(), expected())
      assert.strictEqual(read.read[0]?.counts.withoutNumber, aside.length)
      assert.isTrue(read.aside.every(({ source }) => source === "samlearner"))
      const order = read.tags.filter((tag, n) => tag !== read.tags[n - 1])
      assert.deepStrictEqual(order, ["Found", "Member", "Aside", "Read"])
    }).pipe(provide)
  )

  it.scoped("takes numbers from the table of films that the user names", () =>
    Effect.gen(function* () {
      const bridge = ["tmdb_id;film_id;slug", ...Array.from(filmIds, ([slug, id]) => `;${id};${slug}`)].join("\r\n")
      const folder = yield* folderWith({ ...samlearnerFiles(world), "bridge.txt": bridge })
      const read = yield* itemsOf(kindOf("samlearner"), [folder], { ...noOptions, films: `${folder}/bridge.txt` })
      assert.deepStrictEqual(ratingsIn(read), expected())
      const wrong = yield* folderWith({
        "a.csv": "slug,film_id\na,1\na,2\n",
        "b.csv": "slug\na\n",
        "c.csv": "slug,film_id\nx,\n"
      })
      for (const [file, line] of [
        ["a.csv", 3],
        ["b.csv", 1],
        ["c.csv", 2]
      ] as const) {
        const error = yield* Effect.flip(
          itemsOf(kindOf("samlearner"), [folder], { ...noOptions, films: `${wrong}/${file}` })
        )
        assert.strictEqual(error._tag === "ImportError" && error.reason, "InvalidOption")
        assert.strictEqual(error._tag === "ImportError" && error.line, line)
        assert.include(error.message, "needs the columns slug and film_id")
      }
    }).pipe(provide)
  )

  it.scoped("counts cut lines, and reads the ones around them", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith({
        "ratings_export.csv": [
          "_id,movie_id,rating_val,user_id",
          "5fc57c,null,7,ann",
          "5fc57d,na",
          "5fc57e,nan,10,Ann ",
          '5fc57f,"rocky,3,ann',
          "5fc580,alien,11,ann",
          "5fc581,alien,3.5,ann",
          "5fc582,alien,,ann",
          "5fc583,,3,ann",
          "5fc584,alien,3,a private remark",
          "5fc585,alien,3,bob_b",
          "5fc586,null,3,bo"
        ].join("\n")
      })
      const films = knownFilms([
        ["null", FilmId.make(1)],
        ["nan", FilmId.make(2)],
        ["alien", FilmId.make(3)]
      ])
      const read = yield* itemsOf(kindOf("samlearner"), [folder], noOptions, films)
      assert.deepStrictEqual(ratingsIn(read), ["ann 1 3.5", "ann 2 5", "bob_b 3 1.5"])
      assert.strictEqual(read.read[0]?.counts.notDecoded, 8)
      const notes = read.read[0]?.notes.join("\n") ?? ""
      assert.include(notes, "line 5 of")
      assert.include(notes, "1 row was not read because there is no rating; the first is line 8")
      assert.include(
        notes,
        "2 rows were not read because the rating is no whole number from 1 to 10; the first is line 6"
      )
      assert.include(notes, "because the file ends within it; the first is line 12")
      assert.notInclude(notes, "remark")
    }).pipe(provide)
  )

  it.scoped("reads freeth, with numbers from addresses of posters whose digits agree", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith(freethFiles(world))
      const read = yield* itemsOf(kindOf("freeth"), [folder], noOptions, knownFilms(filmIds))
      assert.deepStrictEqual(ratingsIn(read), expected())
      const odd = yield* folderWith({
        "ratings.csv": "user_name,film_id,rating\nann,a,0.5\nann,b,5.0\nann,c,0.0\nann,d,5.5\n",
        "films.csv": `film_id,film_name,year,poster_url\na,"A, ""the"" film",1999,https://x/film-poster/1/2/8/4/1/4/6/1284146-a-0.jpg\nb,B,,https://x/film-poster/1/2/3/124-b.jpg\n`
      })
      const two = yield* itemsOf(kindOf("freeth"), [odd])
      assert.deepStrictEqual(ratingsIn(two), ["ann 1284146 0.5"])
      assert.deepStrictEqual(
        two.aside.map(({ halfStars, slug }) => [slug as string, halfStars]),
        [["b", 10]]
      )
      assert.strictEqual(two.read[0]?.counts.notDecoded, 2)
    }).pipe(provide)
  )

  it.scoped("reads our own MovieLens export if users are named", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith(movieLensFiles(world, { links: "letterboxd", users: true }))
      const read = yield* itemsOf(kindOf("movielens"), [folder])
      assert.deepStrictEqual(ratingsIn(read), expected())
    }).pipe(provide)
  )

  it.scoped("reads films of MovieLens by their numbers elsewhere, if the user names a table of films", () =>
    Effect.gen(function* () {
      const bridge = [
        "slug,film_id,tmdb_id,imdb_id",
        ...Array.from(filmIds, ([slug, id], n) =>
          n % 2 === 0 ? `${slug},${id},${id + 5},` : `${slug},${id},,tt${`${id}`.padStart(7, "0")}`
        )
      ].join("\n")
      const folder = yield* folderWith({
        ...movieLensFiles(world, { links: "elsewhere", users: true }),
        "bridge.csv": bridge
      })
      const read = yield* itemsOf(kindOf("movielens"), [folder], { ...noOptions, films: `${folder}/bridge.csv` })
      assert.deepStrictEqual(ratingsIn(read), expected())
      const without = yield* itemsOf(kindOf("movielens"), [folder])
      assert.strictEqual(without.refused[0]?.reason, "Incomplete")
      assert.include(without.refused[0]?.message, "table of films")
    }).pipe(provide)
  )

  it.scoped("refuses ratings of MovieLens whose users nobody names", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith(movieLensFiles(world, { links: "elsewhere", users: false }))
      const read = yield* itemsOf(kindOf("movielens"), [folder])
      assert.deepStrictEqual(read.tags, ["Found", "Refused"])
      assert.strictEqual(read.refused[0]?.reason, "NoName")
    }).pipe(provide)
  )

  it.scoped("reads each generation of the original tool, with the times of its updates", () =>
    Effect.gen(function* () {
      for (const generation of ["latest", "unprefixed", "subfolders"] as const) {
        const files = originalFiles(world, generation)
        const folder = yield* folderWith(files)
        const read = yield* itemsOf(kindOf("original"), [folder])
        assert.deepStrictEqual(ratingsIn(read), expected(), generation)
        const first = read.members[0]
        assert.strictEqual(first && DateTime.formatIso(first.readAt), "2025-03-02T00:00:00.000Z")
        const film = first?.list._tag === "Unproven" ? first.list.films[0]?.film : undefined
        assert.strictEqual(filmIds.get(film?.slug ?? ""), film?.id)
        const ratings = Object.keys(files).find((name) => name.includes("raw_"))
        const one = yield* itemsOf(kindOf("original"), [`${folder}/${ratings}`])
        assert.deepStrictEqual(ratingsIn(one), expected(), generation)
      }
    }).pipe(provide)
  )

  it.scoped("reads what the manifest of our CSV storage vouches for, with titles", () =>
    Effect.gen(function* () {
      const raw = "user_id,film_id,rating,liked\n1,7,4.0,true\n"
      const files = {
        "latest_raw_user_ratings.csv": `${raw}1,8,3.0,\n`,
        "latest_user_mappings.csv": "username,numeric_user_id\nann,1\n",
        "latest_film_mappings.csv":
          "film_id,film_title,film_slug,tmdb_id,imdb_id\n7,Rocky (1976),rocky,1366,tt0075148\n"
      }
      const folder = yield* folderWith({
        ...files,
        "manifest.json": JSON.stringify({ format: 2, files: { rawRatings: { bytes: raw.length, rows: 1 } } })
      })
      const read = yield* itemsOf(kindOf("original"), [folder])
      assert.deepStrictEqual(ratingsIn(read), ["ann 7 4"])
      const list = read.members[0]?.list
      assert.deepStrictEqual(list?._tag === "Unproven" ? { ...list.films[0]?.film } : {}, {
        id: 7,
        slug: "rocky",
        title: "Rocky",
        year: 1976,
        tmdbId: 1366,
        imdbId: "tt0075148"
      } as never)
      const cut = yield* folderWith({
        ...files,
        "manifest.json": JSON.stringify({ files: { rawRatings: { bytes: 1000 } } })
      })
      assert.strictEqual((yield* itemsOf(kindOf("original"), [cut])).refused[0]?.reason, "Damaged")
      const both = yield* folderWith({ ...files, "raw_user_ratings.csv": raw })
      assert.strictEqual((yield* itemsOf(kindOf("original"), [both])).refused[0]?.reason, "Invalid")
    }).pipe(provide)
  )

  it.scoped("goes on with the next input where one cannot be read", () =>
    Effect.gen(function* () {
      const good = yield* folderWith(freethFiles(world))
      const empty = yield* folderWith({ "films.csv": "film_id,film_name,year,poster_url\n" })
      const read = yield* itemsOf(kindOf("freeth"), [empty, good, `${good}/films.csv`, `${good}/ratings.csv`])
      assert.deepStrictEqual(read.tags.slice(0, 3), ["Found", "Refused", "Found"])
      assert.strictEqual(read.refused[0]?.reason, "Incomplete")
      assert.strictEqual(read.read.length, 1)
    }).pipe(provide)
  )
})

describe("table", () => {
  it.scoped("reads stars, half stars, decimal commas, addresses and numbers of films", () =>
    Effect.gen(function* () {
      const stars = yield* readTable(
        `\uFEFFx;rating;film;user\r\n1;3,5;film:240344;Ann\r\n2;5;https://letterboxd.com/film/rocky/;bob_b\r\n`,
        named,
        knownFilms([["rocky", FilmId.make(51090)]])
      )
      assert.deepStrictEqual(ratingsIn(stars), ["ann 240344 3.5", "bob_b 51090 5"])
      const notes = stars.read[0]?.notes.join("\n")
      assert.include(notes, "semicolons")
      assert.include(notes, "decimal commas")
      assert.include(notes, "stars, 0.5 to 5")
      const halves = yield* readTable("user\tfilm\trating\nann\t1984\t7\nann\t2012\t10.0\n")
      assert.deepStrictEqual(ratingsIn(halves), ["ann 1984 3.5", "ann 2012 5"])
      assert.include(halves.read[0]?.notes.join("\n"), "half stars, 1 to 10, because one is above 5 (line 2)")
    }).pipe(provide)
  )

  it.scoped("reads the links of exports as numbers of films, and those that lead elsewhere as no film", () =>
    Effect.gen(function* () {
      const shapes = ["https://boxd.it/CODE", "http://boxd.it/CODE/", "boxd.it/CODE", " https://boxd.it/CODE "]
      const rows = fc.array(
        fc.record({
          kind: fc.constantFrom("film" as const, "entry" as const, "list" as const),
          id: fc.integer({ min: 1, max: 2_000_000_000 }),
          shape: fc.constantFrom(...shapes)
        }),
        { minLength: 1, maxLength: 20 }
      )
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(rows, fc.boolean(), (rows, hasSlug) =>
            Effect.gen(function* () {
              const lines = rows.map(
                ({ id, kind, shape }) => `ann,${shape.replace("CODE", Option.getOrThrow(linkCode(kind, id)))},3`
              )
              const text = ["user,film,rating", ...(hasSlug ? ["ann,rocky,4"] : []), ...lines].join("\n")
              const read = yield* readTable(text)
              const films = new Set(rows.filter(({ kind }) => kind === "film").map(({ id }) => id))
              assert.deepStrictEqual(ratingsIn(read), Array.from(films, (id) => `ann ${id} 3`).toSorted())
              const elsewhere = rows.filter(({ kind }) => kind !== "film").length
              assert.strictEqual(read.read[0]?.counts.notDecoded, elsewhere)
              assert.strictEqual(read.aside.length, hasSlug ? 1 : 0)
              const notes = read.read[0]?.notes.join("\n") ?? ""
              assert.strictEqual(notes.includes("not read because the link leads to no film"), elsewhere > 0)
            }).pipe(Effect.scoped, provide, Effect.runPromise)
          ),
          { numRuns: 50 }
        )
      )
      const read = yield* readTable("user,film,rating\nann,https://boxd.it/a5fa,3\nann,https://boxd.it/gAKk1n,3\n")
      assert.deepStrictEqual(ratingsIn(read), ["ann 240344 3"])
    }).pipe(provide)
  )

  it.scoped("tells a rating that is none from one that is missing", () =>
    Effect.gen(function* () {
      const wrong = fc.constantFrom("0", "0.0", "-1", "10.5", "11", "3.3", "4/5", "★★★", "nan", "1e1", "9".repeat(60))
      const ratings = fc.array(
        fc.oneof(wrong, fc.constantFrom("", " ", "\u00a0"), fc.constantFrom("0.5", "3", "4,5")),
        {
          minLength: 1
        }
      )
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(ratings, (ratings) =>
            Effect.gen(function* () {
              const rows = ratings.map((rating, n) => `ann;${n + 1};${rating}`)
              const read = yield* readTable(["user;film;rating", ...rows].join("\n"))
              const notes = read.read[0]?.notes.join("\n") ?? ""
              const count = (why: string) =>
                Number(new RegExp(`(\\d+) rows? w\\w+ not read because ${why}`, "u").exec(notes)?.[1])
              const missing = ratings.filter((rating) => rating.trim() === "").length
              const right = ratings.filter((rating) => /^(?:0\.5|3|4,5)$/u.test(rating)).length
              assert.strictEqual(count("there is no rating") || 0, missing)
              assert.strictEqual(
                count("the rating is neither stars \\(0.5 to 5\\) nor half stars \\(1 to 10\\)") || 0,
                ratings.length - missing - right
              )
              assert.strictEqual(ratingsIn(read).length, right)
            }).pipe(Effect.scoped, provide, Effect.runPromise)
          ),
          { numRuns: 50 }
        )
      )
      const folder = yield* folderWith({
        "ratings.csv": "user_name,film_id,rating\nann,a,5.5\nann,b,\n",
        "films.csv": "film_id,film_name,year,poster_url\n"
      })
      const stars = yield* itemsOf(kindOf("freeth"), [folder])
      const notes = stars.read[0]?.notes.join("\n")
      assert.include(notes, "1 row was not read because the rating is none of 0.5, 1, 1.5 ... 5; the first is line 2")
      assert.include(notes, "1 row was not read because there is no rating; the first is line 3")
    }).pipe(provide)
  )

  it.scoped("takes digits for slugs where a film of the column is a slug", () =>
    Effect.gen(function* () {
      const films = knownFilms([
        ["1984", FilmId.make(11)],
        ["rocky", FilmId.make(12)]
      ])
      const read = yield* readTable("user,film,rating\nann,1984,3\nann,rocky,4\nann,2012,1\n", named, films)
      assert.deepStrictEqual(ratingsIn(read), ["ann 11 3", "ann 12 4"])
      assert.deepStrictEqual(
        read.aside.map(({ slug }) => slug as string),
        ["2012"]
      )
    }).pipe(provide)
  )

  it.scoped("counts the last row of a film that a member rates twice", () =>
    Effect.gen(function* () {
      const read = yield* readTable("user,film,rating\nann,1,3\nbob_b,1,1\nANN,2,4\nann,film:1,0.5\nbob_b,1,1\n")
      assert.deepStrictEqual(ratingsIn(read), ["ann 1 0.5", "ann 2 4", "bob_b 1 1"])
      assert.strictEqual(read.read[0]?.counts.ignored, 2)
      assert.deepStrictEqual(
        read.members.map(({ username }) => username as string),
        ["ann", "bob_b"]
      )
    }).pipe(provide)
  )

  it.scoped("refuses values of two scales, missing columns, other encodings, and what nothing names", () =>
    Effect.gen(function* () {
      const mixed = yield* readTable("user,film,rating\nann,1,3.5\nann,2,7\n")
      assert.deepStrictEqual(mixed.tags, ["Found", "Refused"])
      assert.strictEqual(mixed.refused[0]?.reason, "Invalid")
      assert.strictEqual(mixed.refused[0]?.line, 3)
      const missing = yield* readTable("user,film,stars\nann,1,3.5\n")
      assert.include(missing.refused[0]?.message, "the column rating is missing")
      const latin = yield* readTable(Uint8Array.from([...new TextEncoder().encode("user,film,rating\n"), 0xe9, 0x0a]))
      assert.strictEqual(latin.refused[0]?.reason, "Damaged")
      const unnamed = yield* readTable("user,film,rating\n", noOptions)
      assert.strictEqual(unnamed.refused[0]?.reason, "InvalidOption")
      const nuls = yield* readTable(new Uint8Array(5000))
      assert.strictEqual(nuls.refused.length, 1)
    }).pipe(provide)
  )

  it.scoped("tells how much was read of a large table", () =>
    Effect.gen(function* () {
      const rows = Array.from({ length: 150_000 }, (_, n) => `member_${n % 1000},${n + 1},${(n % 5) + 1}`)
      const text = ["user,film,rating", ...rows].join("\n")
      const read = yield* readTable(text)
      const progress = read.items.flatMap((item) => (item._tag === "Progress" ? [item] : []))
      assert.isAtLeast(progress.length, 2)
      assert.isAtMost(progress.length, text.length / 1_000_000)
      assert.strictEqual(progress.at(-1)?.totalBytes, text.length)
      assert.strictEqual(read.read[0]?.counts.ratings, 150_000)
    }).pipe(provide)
  )

  it.scoped("gives the same items for the same input", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith(samlearnerFiles(world))
      const kind = kindOf("samlearner")
      const items = Stream.runCollect(kind.items([yield* candidateOf(folder)], noOptions, noFilms))
      assert.deepStrictEqual(yield* items, yield* items)
      assert.isTrue(Either.isRight(yield* Effect.either(items)))
    }).pipe(provide)
  )
})
