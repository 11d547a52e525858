/**
 * The exports of the members of a real world, beside the project, read back.
 */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { exportedFilms, exportName, exportZip, loadWorld } from "@letterboxd-ratings/fixtures"
import { LetterboxdImport } from "@letterboxd-ratings/letterboxd-import"
import { Effect, Stream } from "effect"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { sample } from "../../../vitest.sample.ts"
import { noFilms } from "./Imported.ts"

const folder = fileURLToPath(new URL("../../../../shared/world/", import.meta.url))
const isAbsent = !fs.existsSync(folder)

describe.skipIf(isAbsent)(
  `exports of a real world${isAbsent ? " (skipped: there is no ../shared/world here)" : ""}`,
  () => {
    it.scopedLive(
      "give every rating, day and number back",
      () =>
        Effect.gen(function* () {
          const files = yield* FileSystem.FileSystem
          const world = yield* loadWorld({ films: `${folder}films.csv`, watched: `${folder}watched.csv.gz` })
          const exports = yield* files.makeTempDirectoryScoped()
          const some = sample("members of the real world whose exports are read", world.members, 100)
          const members = new Map(some.map((member, seed) => [member.username, { member, seed }]))
          for (const { member, seed } of members.values())
            yield* files.writeFile(`${exports}/${exportName(member.username)}`, yield* exportZip(member, { seed }))
          const source = yield* LetterboxdImport.make({ paths: [exports], baseUrls: [] })
          assert.deepStrictEqual(source.keeps, ["rated_on"])
          let ratings = 0
          const left = new Set(members.keys())
          yield* Stream.runForEach(source.items(noFilms), (item) =>
            Effect.sync(() => {
              assert(item._tag !== "Refused", item._tag === "Refused" ? item.error.message : "")
              if (item._tag !== "Member") return
              const { list, username } = item.member
              const known = members.get(username)
              assert(known !== undefined && left.delete(username))
              assert(list._tag === "Complete")
              ratings += list.films.filter(({ rating }) => rating !== undefined).length
              assert.deepStrictEqual(
                list.films.map(({ film, liked, ratedOn, rating }): unknown => [
                  film.id,
                  film.title,
                  film.year,
                  rating,
                  ratedOn,
                  liked
                ]),
                exportedFilms(known.member, { seed: known.seed }).map(({ film, liked, ratedOn, rating }) => [
                  film.id,
                  film.title,
                  film.year,
                  rating,
                  ratedOn,
                  liked
                ])
              )
            })
          )
          assert.strictEqual(left.size, 0)
          assert.strictEqual(
            ratings,
            some.reduce((sum, { films }) => sum + films.filter(({ rating }) => rating !== undefined).length, 0)
          )
        }).pipe(Effect.provide(NodeContext.layer)),
      180_000
    )
  }
)
