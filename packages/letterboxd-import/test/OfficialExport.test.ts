import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { linkCode } from "@letterboxd-ratings/core"
import {
  exportedFilms,
  exportFiles,
  exportName,
  type ExportOptions,
  exportZip,
  generateWorld,
  packFiles,
  plantedWord,
  type WorldMember
} from "@letterboxd-ratings/fixtures"
import { DateTime, Effect, Option } from "effect"
import {
  asideOf,
  filmId,
  importFile,
  importPaths,
  membersOf,
  onlyMember,
  onlyRefusal,
  readOf,
  refusedOf,
  slug,
  username,
  writeFiles
} from "./Imported.ts"

const apartment = { id: 51_090, slug: "the-apartment", title: "The Apartment", year: 1960 }
const irene = { id: 20_001, slug: "irene", title: `Me, Myself & "Irene"`, year: 2000 }
const leoTamil = { id: 820_001, slug: "leo-tamil", title: "Leo", year: 2023 }
const leoAnimated = { id: 820_002, slug: "leo-animated", title: "Leo", year: 2023 }
const nullFilm = { id: 30_003, slug: "null", title: "Null", year: 2017 }
const numberFilm = { id: 30_004, slug: "1917", title: "1917", year: 2019 }
const yearless = { id: 30_005, slug: "no-year", title: "A Film Without a Year" }

const member: WorldMember = {
  username: "cinephile",
  displayName: "Cinephile",
  state: "public",
  films: [
    { film: apartment, rating: 4.5, liked: true },
    { film: irene, rating: 0.5 },
    { film: leoTamil, rating: 5 },
    { film: leoAnimated, rating: 2.5 },
    { film: nullFilm, rating: 3 },
    { film: numberFilm },
    { film: yearless, rating: 1 }
  ]
}

const madeAt = DateTime.unsafeMake("2026-10-03T08:15:00Z")
const name = exportName("cinephile")

const importExport = (options: Partial<ExportOptions> = {}, file = name, of = member) =>
  Effect.flatMap(exportZip(of, options), (bytes) => importFile(file, bytes))

/** What an import must give of the member: number, title, year, rating, day, whether it is liked. */
const expected = (options: Partial<ExportOptions> = {}, of = member): ReadonlyArray<unknown> =>
  exportedFilms(of, options).map(({ film, liked, ratedOn, rating }) => [
    film.id,
    film.title,
    film.year,
    rating,
    ratedOn,
    liked
  ])

const given = (films: ReturnType<typeof onlyMember>["films"]): ReadonlyArray<unknown> =>
  films.map(({ film, liked, ratedOn, rating }) => [film.id, film.title, film.year, rating, ratedOn, liked])

/** Changes the text of one file. */
const edited = (file: string, change: (text: string) => string): Partial<ExportOptions> => ({
  change: (name, content) => (name === file ? Buffer.from(change(content.toString())) : content)
})

/** The number of the line on which a text stands. */
const lineOf = (content: Uint8Array | undefined, text: string): number =>
  Buffer.from(content ?? [])
    .toString()
    .split("\n")
    .findIndex((line) => line.includes(text)) + 1

const ratingRow = (film: { readonly title: string; readonly id: number }, rest: string) =>
  new RegExp(`^.*${film.title}.*\\r\\n`, "mu").exec(rest)?.[0] ?? ""

describe("an official export", () => {
  it.scoped("gives each film with its rating, day, like, title and year, complete", () =>
    Effect.gen(function* () {
      const items = yield* importExport()
      const { counts, films, member, notes, proof } = onlyMember(items)
      assert.strictEqual(proof, "Complete")
      assert.deepStrictEqual(given(films), expected())
      assert.strictEqual(member.username, username("cinephile"))
      assert.strictEqual(member.source, "export")
      assert.deepStrictEqual(member.readAt, madeAt)
      assert.deepStrictEqual(notes, [])
      assert.deepStrictEqual(
        items.map(({ _tag }) => _tag),
        ["Found", "Progress", "Member", "Read"]
      )
      const [found] = items
      assert(found?._tag === "Found")
      assert.strictEqual(found.words, "official export of cinephile, made on 2026-10-03")
      const { joined, notJoined, ...others } = counts
      assert.deepStrictEqual(others, {
        members: 1,
        ratings: 6,
        watched: 1,
        notDecoded: 0,
        orphaned: 3,
        deleted: 2,
        withoutNumber: 0,
        ignored: 0
      })
      assert.isAbove((joined ?? 0) + (notJoined ?? 0), 0)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  const written: ReadonlyArray<readonly [string, Partial<ExportOptions>]> = [
    ["LF", { lineEnd: "\n" }],
    ["a BOM", { mark: true }],
    ["semicolons", { delimiter: ";" }],
    ["a BOM, semicolons and LF", { mark: true, delimiter: ";", lineEnd: "\n" }],
    ["Zip64", { isZip64: true }],
    ["a folder in the ZIP", { folder: "letterboxd-cinephile-2026-10-03-08-15-utc" }],
    ["dates of a spreadsheet", { dates: "us" }],
    [
      "columns in another order",
      edited("ratings.csv", (text) => text.replace(/^([^,\r\n]*),([^\r\n]*),([^,\r\n]*)\r\n/gmu, "$3,$2,$1\r\n"))
    ]
  ]
  it.scoped.each(written)("with %s gives the same", ([, options]) =>
    Effect.gen(function* () {
      const { films, member, proof } = onlyMember(yield* importExport(options))
      assert.strictEqual(proof, "Complete")
      assert.deepStrictEqual(given(films), expected(options))
      assert.deepStrictEqual(member.readAt, madeAt)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("that is unpacked gives the same, also below another folder", () =>
    Effect.gen(function* () {
      const files = exportFiles(member)
      for (const below of [name.replace(".zip", ""), `downloads/${name.replace(".zip", "")}`]) {
        const folder = yield* writeFiles(Array.from(files, ([file, content]) => [`${below}/${file}`, content]))
        for (const path of [folder, `${folder}/${below}`]) {
          const { films, proof } = onlyMember(yield* importPaths([path]))
          assert.strictEqual(proof, "Complete")
          assert.deepStrictEqual(given(films), expected())
        }
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("that is unpacked, and whose ratings are cut at the end of a line, is not complete", () =>
    Effect.gen(function* () {
      const lines = (text: string) => text.split("\r\n")
      const films = Array.from({ length: 40 }, (_, i) => ({
        film: { id: 900 + i, slug: `film-${i}`, title: `Film ${i}`, year: 1990 },
        rating: 3
      }))
      const many: WorldMember = { ...member, films }
      for (const rows of [0, 20, 37]) {
        const cut = (text: string) =>
          `${lines(text)
            .slice(0, 1 + rows)
            .join("\r\n")}\r\n`
        const files = exportFiles(many, edited("ratings.csv", cut))
        const below = name.replace(".zip", "")
        const folder = yield* writeFiles(Array.from(files, ([file, content]) => [`${below}/${file}`, content]))
        const { notes, proof } = onlyMember(yield* importPaths([folder]))
        assert.strictEqual(proof, "Unproven", `${rows} rows`)
        assert.match(
          notes.join("\n"),
          /films? ha(?:s|ve) a rating in .*diary\.csv and none in .*ratings\.csv, which may be cut/u
        )
        // The checksums of a ZIP prove that this is what the member has.
        const { proof: ofZip } = onlyMember(yield* importExport(edited("ratings.csv", cut), name, many))
        assert.strictEqual(ofZip, "Complete")
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("below one folder beside what a Mac adds is the same", () =>
    Effect.gen(function* () {
      const files = new Map(exportFiles(member, { folder: "mine" }))
      files.set("__MACOSX/mine/._ratings.csv", Buffer.from([0, 5, 22, 7]))
      files.set("mine/.DS_Store", Buffer.from([0]))
      const bytes = yield* packFiles(files, { modifiedAt: madeAt, isZip64: false })
      const { films, proof } = onlyMember(yield* importFile("mine.zip", bytes))
      assert.strictEqual(proof, "Complete")
      assert.deepStrictEqual(given(films), expected())
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("gives films that the diary and the ratings name with different links once", () =>
    Effect.gen(function* () {
      const diary = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\r\n"
      const { counts, films } = onlyMember(
        yield* importExport(
          edited("diary.csv", () =>
            [
              diary,
              "2024-01-01,The Apartment,1960,https://boxd.it/gAKk1n,4,,,2023-12-31\r\n",
              "2024-02-01,The Apartment,1960,https://boxd.it/gAKk1p,4,Yes,,2024-01-31\r\n",
              "2024-02-01,A Film Without a Year,,https://boxd.it/gAKk1r,4,,,2024-01-31\r\n",
              // Two films named Leo came out in 2023.
              "2024-03-01,Leo,2023,https://boxd.it/gAKk1t,4,,,2024-02-28\r\n",
              "2024-03-01,The Apartment,1961,https://boxd.it/gAKk1v,4,,,2024-02-28\r\n"
            ].join("")
          )
        )
      )
      assert.deepStrictEqual(given(films), expected())
      assert.strictEqual(new Set(films.map(({ film }) => film.id)).size, films.length)
      assert.strictEqual(counts.joined, 3)
      assert.strictEqual(counts.notJoined, 2)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("gives two films of one name and year their own ratings", () =>
    Effect.gen(function* () {
      const { films } = onlyMember(yield* importExport())
      const ratingOf = (id: number) => films.find(({ film }) => film.id === id)?.rating
      assert.strictEqual(ratingOf(leoTamil.id), 5 as never)
      assert.strictEqual(ratingOf(leoAnimated.id), 2.5 as never)
      assert.strictEqual(ratingOf(numberFilm.id), undefined)
      assert.strictEqual(films.find(({ film }) => film.id === nullFilm.id)?.film.title, "Null")
      assert.strictEqual(films.find(({ film }) => film.id === numberFilm.id)?.film.title, "1917")
      assert.isFalse("year" in (films.find(({ film }) => film.id === yearless.id)?.film ?? { year: 0 }))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("gives every rating in half stars", () =>
    Effect.gen(function* () {
      const all: WorldMember = {
        ...member,
        films: Array.from({ length: 10 }, (_, i) => ({
          film: { id: 100 + i, slug: `film-${i}`, title: `Film ${i}`, year: 2000 },
          rating: (i + 1) / 2
        }))
      }
      for (const decimals of [
        edited("ratings.csv", (text) => text),
        edited("ratings.csv", (text) => text.replace(/,(\d)\r\n/gu, ",$1.0\r\n")),
        { ...edited("ratings.csv", (text) => text.replace(/(\d)\.5/gu, "$1,5")), delimiter: ";" as const }
      ]) {
        const { films, proof } = onlyMember(yield* importExport(decimals, name, all))
        assert.strictEqual(proof, "Complete")
        assert.deepStrictEqual(given(films), expected({}, all))
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("keeps and tells no private word", () =>
    Effect.gen(function* () {
      const traps: ReadonlyArray<Partial<ExportOptions>> = [
        {},
        { leaveOut: ["watched.csv"] },
        { leaveOut: ["ratings.csv"] },
        edited("profile.csv", (text) => text.replace("Cinephile", "Planted Name!")),
        edited("profile.csv", (text) => text.replace("Plantedgiven", `Plantedgiven"x`)),
        edited("profile.csv", (text) => `${text.slice(0, 150)}\0${text.slice(150)}`),
        edited("ratings.csv", (text) => text.replace("4.5", "planted")),
        edited("ratings.csv", (text) => text.replace("Null", `Pl"anted`)),
        edited("watched.csv", (text) => text.replaceAll("https", "planted")),
        edited("diary.csv", (text) => text.replace("2017", `"planted`)),
        edited("deleted/diary.csv", (text) => text.replace("Gone", "\0"))
      ]
      for (const options of traps) {
        const items = yield* importExport(options)
        const told = items.map((item) =>
          item._tag === "Refused" ? `${JSON.stringify(item.error)} ${item.error.message} ${item.error}` : item
        )
        assert.notInclude(JSON.stringify(told).toLowerCase(), plantedWord)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("who a member is", () => {
  it.scoped("says the profile, not the name of the file", () =>
    Effect.gen(function* () {
      const { member, notes, proof } = onlyMember(yield* importExport({ username: "New_Name" }))
      assert.strictEqual(member.username, username("new_name"))
      assert.strictEqual(proof, "Complete")
      assert.deepStrictEqual(notes, ["The export's name has cinephile, and the member is new_name."])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("says the option where there is no profile; without it nobody does", () =>
    Effect.gen(function* () {
      const bytes = yield* exportZip(member, { leaveOut: ["profile.csv"] })
      const { member: named } = onlyMember(yield* importFile(name, bytes, { as: username("other") }))
      assert.strictEqual(named.username, username("other"))
      assert.strictEqual(onlyRefusal(yield* importFile(name, bytes)).reason, "NoName")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("is never changed by the option where there is a profile", () =>
    Effect.gen(function* () {
      const { member: named } = onlyMember(yield* importFile(name, yield* exportZip(member), { as: username("other") }))
      assert.strictEqual(named.username, username("cinephile"))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("tells no profile whose username is none", () =>
    Effect.gen(function* () {
      const error = onlyRefusal(yield* importExport(edited("profile.csv", (text) => text.replace("Cinephile", "a b"))))
      assert.strictEqual(error.reason, "Invalid")
      assert.strictEqual(error.line, 2)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("when an export was made", () => {
  it.scoped("says its name, also that of a copy", () =>
    Effect.gen(function* () {
      const bytes = yield* exportZip(member, { madeAt: DateTime.unsafeMake("2020-01-01T00:00:00Z") })
      for (const file of [name, name.replace(".zip", " (1).zip"), name.toUpperCase()]) {
        const { member } = onlyMember(yield* importFile(file, bytes))
        assert.deepStrictEqual(member.readAt, madeAt)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("say else the entries of the ZIP, and the files of a folder", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { member: fromZip, notes } = onlyMember(yield* importExport({}, "export.zip"))
      assert.deepStrictEqual(fromZip.readAt, madeAt)
      assert.strictEqual(notes.length, 1)
      assert.deepStrictEqual(
        onlyMember(yield* importExport({}, "letterboxd-cinephile-2026-02-30-08-15-utc.zip")).member.readAt,
        madeAt
      )
      const folder = yield* writeFiles(exportFiles(member))
      for (const file of exportFiles(member).keys()) {
        const time = file === "watched.csv" ? 1_700_000_000 : 1_600_000_000
        yield* fs.utimes(`${folder}/${file}`, time, time)
      }
      const { member: fromFolder } = onlyMember(yield* importPaths([folder]))
      assert.deepStrictEqual(fromFolder.readAt, DateTime.unsafeMake(1_700_000_000_000))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("decides which of several is read, in whatever order they are named", () =>
    Effect.gen(function* () {
      const later = DateTime.add(madeAt, { days: 30 })
      const changed = {
        ...member,
        films: member.films.map(({ film }) => ({ film, rating: 1.5 }))
      }
      const other = { ...member, username: "other", displayName: "other" }
      const oldName = exportName("cinephile", madeAt)
      const newName = exportName("cinephile", later)
      const folder = yield* writeFiles([
        [oldName, yield* exportZip(member, { madeAt })],
        [newName, yield* exportZip(changed, { madeAt: later })],
        ["other.zip", yield* exportZip(other, { madeAt })]
      ])
      const at = (file: string) => `${folder}/${file}`
      for (const paths of [
        [at(oldName), at(newName), at("other.zip")],
        [at(newName), at("other.zip"), at(oldName)],
        [folder]
      ]) {
        const items = yield* importPaths(paths)
        const members = membersOf(items)
        assert.deepStrictEqual(members.map(({ username }) => username).sort(), [
          username("cinephile"),
          username("other")
        ])
        const newest = members.find((member) => member.username === username("cinephile"))
        assert(newest !== undefined)
        assert.deepStrictEqual(newest.readAt, later)
        assert(newest.list._tag === "Complete")
        assert.isTrue(newest.list.films.every(({ rating }) => Number(rating) === 1.5))
        assert.deepStrictEqual(readOf(items).find(({ place }) => place === at(oldName))?.notes, [
          `It was not read: ${at(newName)} is a newer export of cinephile, made on 2026-11-02.`
        ])
      }
      // A newer one that proves nothing, or cannot be read, does not keep a good older one out.
      for (const [change, lists] of [
        [{ leaveOut: ["watched.csv"] }, ["Complete", "Unproven"]],
        [edited("ratings.csv", (text) => `${text.slice(0, 200)}\0`), ["Complete"]]
      ] as const) {
        const both = yield* writeFiles([
          [oldName, yield* exportZip(member, { madeAt })],
          [newName, yield* exportZip(changed, { madeAt: later, ...change })]
        ])
        const items = yield* importPaths([both])
        assert.deepStrictEqual(
          membersOf(items).map(({ list: { _tag } }) => _tag),
          [...lists]
        )
      }
      const twice = yield* importPaths([at(newName), at(newName)])
      assert.strictEqual(membersOf(twice).length, 1)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("of one minute are told apart by their files, or else by their paths, and the import says so", () =>
    Effect.gen(function* () {
      const changed = { ...member, films: member.films.map(({ film }) => ({ film, rating: 1.5 })) }
      const zipped = (one: typeof member, seconds: number) =>
        exportZip(one, { madeAt: DateTime.add(madeAt, { seconds }) })
      const unpacked = Array.from(exportFiles(member), ([file, content]) => [`z/${name}/${file}`, content] as const)
      const folder = yield* writeFiles([
        [`newer/${name}`, yield* zipped(changed, 20)],
        [`older/${name}`, yield* zipped(member, 10)],
        [`same/${name}`, yield* zipped(member, 20)],
        ...unpacked
      ])
      const at = (below: string) => `${folder}/${below}/${name}`
      const sameMinute = (chosen: string, why: string) => [
        `It was not read: ${at(chosen)} is an export of cinephile that was made in the same minute, and ${why}.`
      ]
      for (const [other, chosen, why] of [
        ["older", "newer", "its files are newer"],
        ["newer", "same", "nothing tells which is newer: the one whose path sorts last is read"],
        ["z", "older", "its checksums prove that it is whole"]
      ] as const) {
        for (const paths of [
          [at(other), at(chosen)],
          [at(chosen), at(other)]
        ]) {
          const items = yield* importPaths(paths)
          assert.strictEqual(onlyMember(items).member.place, at(chosen))
          assert.deepStrictEqual(readOf(items).find(({ place }) => place === at(other))?.notes, sameMinute(chosen, why))
        }
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("does not keep an older one from being read if the newer is damaged", () =>
    Effect.gen(function* () {
      const newName = exportName("cinephile", DateTime.add(madeAt, { days: 1 }))
      const folder = yield* writeFiles([
        [name, yield* exportZip(member)],
        [newName, (yield* exportZip(member)).subarray(0, 700)]
      ])
      const items = yield* importPaths([folder])
      assert.deepStrictEqual(
        refusedOf(items).map(({ place, reason }) => [place, reason]),
        [[`${folder}/${newName}`, "Damaged"]]
      )
      assert.strictEqual(membersOf(items).length, 1)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("what is not proven", () => {
  const unproven = (options: Partial<ExportOptions>) =>
    Effect.map(importExport(options), (items) => {
      const told = onlyMember(items)
      assert.strictEqual(told.proof, "Unproven")
      return { ...told, aside: asideOf(items) }
    })

  it.scoped("a list without watched.csv", () =>
    Effect.gen(function* () {
      const { counts, films, notes } = yield* unproven({ leaveOut: ["watched.csv"] })
      assert.strictEqual(films.length, 6)
      assert.isTrue(films.every(({ rating }) => rating !== undefined))
      assert.strictEqual(counts.ratings, 6)
      assert.match(notes.join(" "), /no watched\.csv/u)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a rated film that is not in watched.csv", () =>
    Effect.gen(function* () {
      const { films, notes } = yield* unproven(
        edited("watched.csv", (text) => text.replace(ratingRow(apartment, text), ""))
      )
      assert.sameDeepMembers([...given(films)], [...expected()])
      assert.match(notes.join(" "), /1 rated films are not in watched\.csv/u)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  const badRows: ReadonlyArray<readonly [string, string, (row: string) => string]> = [
    ["a rating that is none", "ratings.csv", (row) => row.replace("4.5", "4.7")],
    ["a rating of 0", "ratings.csv", (row) => row.replace("4.5", "0")],
    ["no rating", "ratings.csv", (row) => row.replace("4.5", "")],
    ["the link of a log entry", "ratings.csv", (row) => row.replace(/https:[^,]*/u, "https://boxd.it/gAKk1n")],
    ["no link", "ratings.csv", (row) => row.replace(/https:[^,]*/u, "")],
    ["a number that is too large for a film", "ratings.csv", (row) => row.replace(/it\/[^,]*/u, "it/ZZZZZZ0")],
    ["a date that is none", "ratings.csv", (row) => row.replace(/^[^,]*/u, "2023-02-30")],
    ["a year that is none", "ratings.csv", (row) => row.replace("1960", "60")],
    ["a cell too many", "ratings.csv", (row) => row.replace(",1960", ",x,1960")],
    ["a cell too few", "ratings.csv", (row) => row.replace(",1960", "")],
    ["a quote inside a cell", "ratings.csv", (row) => row.replace("Apartment", `"Apartment"`)],
    ["text after a quote", "ratings.csv", (row) => row.replace("The Apartment", `"The" Apartment`)],
    ["bytes that are no UTF-8", "ratings.csv", (row) => row.replace("The", "Th\u00e9")],
    ["no link", "watched.csv", (row) => row.replace(/https:[^,\r]*/u, "")],
    ["a date that is none", "likes/films.csv", (row) => row.replace(/^[^,]*/u, "yesterday")]
  ]
  it.scoped.each(badRows)("a row with %s in %s", ([what, file, change]) =>
    Effect.gen(function* () {
      let line = 0
      const { counts, films, notes } = yield* unproven({
        change: (name, content) => {
          if (name !== file) return content
          const text = content.toString()
          const row = ratingRow(apartment, text)
          line = lineOf(content, apartment.title)
          const changed = text.replace(row, change(row))
          assert.notStrictEqual(changed, text)
          return Buffer.from(changed, what.includes("UTF-8") ? "latin1" : "utf8")
        }
      })
      assert.strictEqual(counts.notDecoded, 1)
      assert.match(
        notes.join("\n"),
        new RegExp(`1 row of \\S+/${file} could not be decoded, the first in line ${line}\\.`, "u")
      )
      const others = (rows: ReadonlyArray<unknown>) =>
        rows.filter((row) => Array.isArray(row) && row[0] !== apartment.id)
      const likeless = (rows: ReadonlyArray<unknown>) => rows.map((row) => (Array.isArray(row) ? row.slice(0, 5) : row))
      assert.deepStrictEqual(likeless(others(given(films))), likeless(others(expected())))
      const ours = films.find(({ film }) => film.id === apartment.id)
      if (file === "ratings.csv") assert.strictEqual(ours?.rating, undefined)
      else assert.strictEqual(ours?.rating, 4.5 as never)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a film with two ratings, which has none then", () =>
    Effect.gen(function* () {
      const { counts, films, notes } = yield* unproven(
        edited("ratings.csv", (text) => text + ratingRow(apartment, text).replace("4.5", "4"))
      )
      assert.isUndefined(films.find(({ film }) => film.id === apartment.id))
      assert.strictEqual(counts.notDecoded, 2)
      assert.match(notes.join(" "), /different ratings/u)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a quote that is never closed", () =>
    Effect.gen(function* () {
      let lines = 0
      const { counts, films } = yield* unproven(
        edited("ratings.csv", (text) => {
          const rows = text.split("\r\n")
          lines = rows.length - 1 - 3
          return rows.map((row, i) => (i === 3 ? row.replace(/^/u, '"') : row)).join("\r\n")
        })
      )
      assert.isAtLeast(counts.notDecoded ?? 0, lines - 1)
      const right = new Map(exportedFilms(member).map(({ film, rating }) => [film.id, rating]))
      for (const { film, rating } of films) if (rating !== undefined) assert.strictEqual(right.get(film.id), rating)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a folder whose last line is cut, whose rating may be another", () =>
    Effect.gen(function* () {
      const files = new Map(exportFiles(member))
      const text = Buffer.from(files.get("ratings.csv") ?? []).toString()
      const row = ratingRow(apartment, text)
      const cut = (text.replace(row, "") + row).replace(/\.5\r\n$/u, "")
      assert.isTrue(cut.endsWith(",4"))
      files.set("ratings.csv", Buffer.from(cut))
      const { counts, films, notes, proof } = onlyMember(yield* importPaths([yield* writeFiles(files)]))
      assert.strictEqual(proof, "Unproven")
      assert.strictEqual(counts.notDecoded, 1)
      assert.match(notes.join(" "), /may be cut/u)
      assert.strictEqual(films.find(({ film }) => film.id === apartment.id)?.rating, undefined)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("ratings of films with an address and no number, which are kept aside", () =>
    Effect.gen(function* () {
      const { aside, counts, films } = yield* unproven({ addresses: new Set([apartment.id, numberFilm.id]) })
      assert.deepStrictEqual(aside, [
        { username: username("cinephile"), slug: slug("the-apartment"), halfStars: 9, source: "export", readAt: madeAt }
      ])
      assert.strictEqual(counts.withoutNumber, 2)
      assert.strictEqual(counts.ratings, 5)
      assert.strictEqual(films.length, 5)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("but those whose number the dataset knows are complete", () =>
    Effect.gen(function* () {
      const bytes = yield* exportZip(member, { addresses: new Set([apartment.id]) })
      const items = yield* importFile(
        name,
        bytes,
        {},
        {
          idOf: (known) => (known === "the-apartment" ? filmId(apartment.id) : undefined)
        }
      )
      const { films, proof } = onlyMember(items)
      assert.strictEqual(proof, "Complete")
      assert.deepStrictEqual(given(films), expected())
      assert.strictEqual(films.find(({ film }) => film.id === apartment.id)?.film.slug, slug("the-apartment"))
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("one ratings.csv alone, whose member is named", () =>
    Effect.gen(function* () {
      const ratings = exportFiles(member).get("ratings.csv") ?? new Uint8Array()
      const {
        films,
        member: named,
        proof
      } = onlyMember(yield* importFile("my ratings (1).csv", ratings, { as: username("other") }))
      assert.strictEqual(proof, "Unproven")
      assert.strictEqual(named.username, username("other"))
      assert.sameDeepMembers(
        films.map(({ film, ratedOn, rating }): unknown => [film.id, rating, ratedOn]),
        exportedFilms(member).flatMap(({ film, ratedOn, rating }) =>
          rating === undefined ? [] : [[film.id, rating, ratedOn]]
        )
      )
      assert.strictEqual(onlyRefusal(yield* importFile("ratings.csv", ratings)).reason, "NoName")
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("what is proven in spite of it", () => {
  it.scoped("a film that stands twice with the same rating", () =>
    Effect.gen(function* () {
      const items = yield* importExport(edited("ratings.csv", (text) => text + ratingRow(apartment, text)))
      const { counts, films, proof } = onlyMember(items)
      assert.strictEqual(proof, "Complete")
      assert.deepStrictEqual(given(films), expected())
      assert.strictEqual(counts.ignored, 1)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("an export of nothing", () =>
    Effect.gen(function* () {
      const { films, proof } = onlyMember(yield* importExport({}, name, { ...member, films: [] }))
      assert.strictEqual(proof, "Complete")
      assert.deepStrictEqual(films, [])
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a diary that cannot be decoded, which is told", () =>
    Effect.gen(function* () {
      const items = yield* importExport(edited("diary.csv", (text) => `${text}2024-01-01,"x"y,1999,,,,,\r\n`))
      const { counts, notes, proof } = onlyMember(items)
      assert.strictEqual(proof, "Complete")
      assert.strictEqual(counts.notDecoded, 1)
      assert.match(notes.join(" "), /diary\.csv could not be decoded/u)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("dates of a spreadsheet", () => {
  const withDates = (dates: ReadonlyArray<string>) => {
    const rows = dates.map(
      (date, i) => `${date},Film ${i},2000,https://boxd.it/${Option.getOrThrow(linkCode("film", 100 + i))},3\r\n`
    )
    return importFile("ratings.csv", `Date,Name,Year,Letterboxd URI,Rating\r\n${rows.join("")}`, {
      as: username("other")
    })
  }
  it.scoped.each([
    [["6/30/2022", "6/1/2022"], ["2022-06-30", "2022-06-01"], /month\/day\/year: a number above 12/u],
    [["30/6/2022", "1/6/2022"], ["2022-06-30", "2022-06-01"], /day\/month\/year/u],
    [["6/7/2022", "6/1/2022"], ["2022-06-07", "2022-06-01"], /no day above 12/u],
    [["30.06.2022", "1.6.2022"], ["2022-06-30", "2022-06-01"], /nothing proves/u],
    [["6/7/2022", "2022-06-01"], ["2022-06-07", "2022-06-01"], /no day above 12/u],
    [["30/6/2022", "6/30/2022", "2022-06-01"], ["2022-06-01"], /contradict/u]
  ] as const)("%j are %j", ([dates, days, note]) =>
    Effect.gen(function* () {
      const { counts, films, notes } = onlyMember(yield* withDates(dates))
      assert.deepStrictEqual(
        films.map(({ ratedOn }): string | undefined => ratedOn),
        [...days]
      )
      assert.strictEqual(counts.notDecoded, dates.length - days.length)
      assert.match(notes.join(" "), note)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("what is refused", () => {
  const refusal = (options: Partial<ExportOptions>) => Effect.map(importExport(options), onlyRefusal)

  it.scoped.each(["ratings.csv", "watched.csv", "profile.csv", "likes/films.csv", "diary.csv"])(
    "a %s of NUL bytes",
    (file) =>
      Effect.gen(function* () {
        const error = yield* refusal({
          change: (name, content) => (name === file ? Buffer.alloc(content.length) : content)
        })
        assert.strictEqual(error.reason, "Damaged")
        assert.match(error.message, new RegExp(`${file}, line 1: the file holds NUL bytes`, "u"))
      }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a file that ends in NUL bytes, with the line at which they begin", () =>
    Effect.gen(function* () {
      const error = yield* refusal(edited("ratings.csv", (text) => `${text.slice(0, -10)}${"\0".repeat(500)}`))
      assert.strictEqual(error.reason, "Damaged")
      assert.strictEqual(error.line, 7)
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("an export without ratings.csv", () =>
    Effect.gen(function* () {
      const error = yield* refusal({ leaveOut: ["ratings.csv"] })
      assert.strictEqual(error.reason, "Incomplete")
      assert.include(error.message, "ratings.csv")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped("a cut ZIP", () =>
    Effect.gen(function* () {
      const bytes = yield* exportZip(member)
      for (const length of [100, bytes.length >> 1, bytes.length - 1]) {
        const error = onlyRefusal(yield* importFile(name, bytes.subarray(0, length)))
        assert.strictEqual(error.reason, "Damaged")
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scoped.each([
    ["a missing column", edited("ratings.csv", (text) => text.replace("Rating", "Stars")), "Incomplete", 1],
    ["an empty file", edited("watched.csv", () => ""), "Damaged", undefined],
    [
      "UTF-16",
      {
        change: (name: string, content: Buffer) =>
          name === "ratings.csv" ? Buffer.from(`\uFEFF${content}`, "utf16le") : content
      },
      "Invalid",
      1
    ],
    [
      "a row of more than a megabyte",
      edited("ratings.csv", (text) => text.replace("Null", `"${"x".repeat(1_200_000)}"`)),
      "TooLarge",
      undefined
    ]
  ] as const)("%s", ([, options, reason, line]) =>
    Effect.gen(function* () {
      const error = yield* refusal(options)
      assert.strictEqual(error.reason, reason)
      if (line !== undefined) assert.strictEqual(error.line, line)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("a large export", () => {
  it.scoped("of films with one name is read in time, with a date of a spreadsheet at its end", () =>
    Effect.gen(function* () {
      const count = 150_000
      const films = Array.from({ length: count }, (_, i) => {
        const date = i === count - 1 ? "6/30/2022" : "2022-06-30"
        return `${date},Leo,2023,https://boxd.it/${Option.getOrThrow(linkCode("film", i + 1))}`
      })
      const header = "Date,Name,Year,Letterboxd URI"
      const items = yield* importPaths([
        yield* writeFiles([
          ["profile.csv", "Date Joined,Username\n2020-01-01,cinephile\n"],
          ["watched.csv", `${header}\n${films.join("\n")}\n`],
          ["ratings.csv", `${header},Rating\n${films.map((row) => `${row},3.5\n`).join("")}`],
          ["diary.csv", `Name,Year\n${"Leo,2023\n".repeat(count)}`]
        ])
      ])
      const { counts, films: given, proof } = onlyMember(items)
      assert.strictEqual(proof, "Complete")
      assert.strictEqual(counts.ratings, count)
      assert.strictEqual(counts.notJoined, count)
      assert.strictEqual<string | undefined>(given.at(-1)?.ratedOn, "2022-06-30")
      assert.strictEqual<number | undefined>(given.at(-1)?.film.id, count)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})

describe("exports of a world", () => {
  it.scoped("are read back in the order of their names", () =>
    Effect.gen(function* () {
      const world = generateWorld({ members: 20 })
      const files = yield* Effect.forEach(world.members, (member, seed) =>
        Effect.map(exportZip(member, { seed }), (bytes) => [exportName(member.username), bytes] as const)
      )
      const items = yield* importPaths([yield* writeFiles(files)])
      assert.deepStrictEqual(refusedOf(items), [])
      const seeds = new Map(world.members.map((member, seed) => [member.username, { member, seed }]))
      const members = membersOf(items)
      assert.deepStrictEqual(
        members.map(({ place }) => place),
        members.map(({ place }) => place).toSorted()
      )
      assert.strictEqual(members.length, 20)
      for (const { list, username } of members) {
        const { member: known, seed } = seeds.get(username) ?? { member, seed: 0 }
        assert(list._tag === "Complete")
        assert.deepStrictEqual(given(list.films), expected({ seed }, known))
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.effect("are the same bytes for the same seed and time", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* exportZip(member), yield* exportZip(member))
      assert.notDeepEqual(yield* exportZip(member), yield* exportZip(member, { seed: 2 }))
    })
  )
})
