// @ts-check
/**
 * A source of one's own: members and their lists in one JSON file. `lb run --source ./json-source.mjs` finds `layer` and
 * `options`.
 */
import { FileSystem } from "@effect/platform"
import { PartContent, RatingsSource, SourceError, Username, WatchedFilm } from "@letterboxd-ratings/core"
import { Effect, Layer, Schema, Stream } from "effect"

const Member = Schema.Struct({
  username: Username,
  state: Schema.optionalWith(Schema.Literal("public", "private", "gone"), { default: () => "public" }),
  renamedTo: Schema.optional(Username),
  films: Schema.optionalWith(Schema.Array(WatchedFilm), { default: () => [] })
})
const Lists = Schema.parseJson(Schema.Struct({ members: Schema.Array(Member) }))

/** A part is as long as a page of the site: lists are read and stored in parts. */
const fullPart = 72

export const options = ["file"]

/** @param {{ readonly options: Readonly<Record<string, string>> }} settings */
export const layer = ({ options: { file = "lists.json" } }) =>
  Layer.effect(
    RatingsSource,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      /** @param {unknown} cause */
      const unusable = (cause) =>
        new SourceError({ reason: "InvalidOption", source: "json", place: file, detail: `It cannot be read: ${cause}` })
      const text = yield* Effect.mapError(fs.readFileString(file), unusable)
      const { members } = yield* Effect.mapError(Schema.decode(Lists)(text), unusable)
      const known = new Map(members.map((member) => [member.username, member]))
      for (const { films, renamedTo: username } of members)
        if (username !== undefined) known.set(username, { username, state: "public", films })

      /** @type {(username: Username, number: number) => PartContent} */
      const contentOf = (username, number) => {
        const member = known.get(username)
        if (member === undefined || member.state === "gone") return PartContent.Gone()
        if (member.state === "private") return PartContent.Private()
        if (member.renamedTo !== undefined) return PartContent.Renamed({ to: member.renamedTo })
        const { films } = member
        if (films.length === 0) return PartContent.Empty()
        const shown = films.slice((number - 1) * fullPart, number * fullPart)
        if (shown.length === 0) return PartContent.PastTheEnd()
        const lastPart = Math.ceil(films.length / fullPart)
        return PartContent.Films({ films: shown, lastPart, stated: { films: films.length }, unreadable: 0, fullPart })
      }

      return RatingsSource.of({
        name: "json",
        members: Stream.fromIterable(members.map(({ films, username }) => ({ username, films: films.length }))),
        list: (username, parts) => {
          const first = contentOf(username, 1)
          const numbers =
            parts !== "all"
              ? parts
              : Array.from({ length: first._tag === "Films" ? first.lastPart : 1 }, (_, i) => i + 1)
          return Stream.map(Stream.fromIterable(numbers), (number) => ({
            username,
            number,
            place: `${file}: ${username}`,
            content: contentOf(username, number)
          }))
        }
      })
    })
  )
