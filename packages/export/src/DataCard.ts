/**
 * What an export tells about itself, so that whoever finds it knows what it is.
 *
 * @since 0.1.0
 */
import { type DatasetState, formatRating, Rating } from "@letterboxd-ratings/core"
import { DateTime, Schema } from "effect"
import type { ExportedFile } from "./ExportedFile.ts"

/**
 * - `format`: what the dataset was written as.
 * - `state`, `committedAt`: what it holds, and when it was last added to.
 * - `perStars`: how many ratings of each number of half stars (0 to 10) were written.
 * - `isAnonymous`: whether names were left out.
 * - `tool`: what wrote it, with its version.
 *
 * @since 0.1.0
 * @category models
 */
export interface DataCardFacts {
  readonly format: string
  readonly notes: ReadonlyArray<string>
  readonly state: DatasetState
  readonly committedAt: DateTime.Utc
  readonly perStars: ReadonlyArray<number>
  readonly files: ReadonlyArray<ExportedFile>
  readonly isAnonymous: boolean
  readonly tool: string
}

/**
 * The name of the card in its folder.
 *
 * @since 0.1.0
 * @category models
 */
export const dataCardName = "DATA_CARD.md"

const count = (n: number): string => n.toLocaleString("en-US")
const share = (part: number, whole: number): string => (whole === 0 ? "none" : `${((part / whole) * 100).toFixed(1)} %`)
const decodeRating = Schema.decodeSync(Rating)

/**
 * The card, in Markdown. The same dataset gives the same card.
 *
 * @since 0.1.0
 * @category constructors
 */
export const dataCard = ({
  committedAt,
  files,
  format,
  isAnonymous,
  notes,
  perStars,
  state,
  tool
}: DataCardFacts): string => {
  const members = { sealed: 0, partial: 0, gone: 0, private: 0, renamed: 0 }
  let seen = 0
  let stated = 0
  let seenOfStated = 0
  const times: Array<number> = []
  for (const { films, readAt, state: memberState, statedFilms } of state.members.values()) {
    members[memberState] += 1
    seen += films
    if (statedFilms !== undefined) {
      stated += statedFilms
      seenOfStated += films
    }
    times.push(readAt.epochMillis)
  }
  for (const at of state.updates.values()) times.push(at.epochMillis)
  const day = (millis: number) => new Date(millis).toISOString().slice(0, 10)
  const earliest = times.reduce((a, b) => Math.min(a, b), Infinity)
  const latest = times.reduce((a, b) => Math.max(a, b), -Infinity)
  const unproven = state.users.size - state.members.size
  const words = (["sealed", "partial", "gone", "private", "renamed"] as const).flatMap((name) =>
    members[name] === 0 ? [] : [`${count(members[name])} ${name === "sealed" ? "complete" : name}`]
  )
  if (unproven > 0) words.push(`${count(unproven)} taken over from another tool and not proven`)

  const facts: ReadonlyArray<readonly [string, string]> = [
    ["layout", format],
    ["members", `${count(state.users.size)}: ${words.join(", ")}`],
    ["proven complete", share(members.sealed, state.users.size)],
    ["films", count(state.films.size)],
    ["ratings", count(state.ratings)],
    ["films watched that were seen", `${count(seen)}, ${share(state.ratings, seen)} of them rated`],
    [
      "coverage",
      stated === 0
        ? "the pages stated no numbers of films"
        : `${share(seenOfStated, stated)} of the ${count(stated)} films that members' pages state`
    ],
    ["read", times.length === 0 ? "unknown" : `${day(earliest)} to ${day(latest)} (UTC)`],
    ["last commit", isAnonymous ? day(committedAt.epochMillis) : DateTime.formatIso(committedAt)],
    ["names", isAnonymous ? "left out; ids are salted" : "included"],
    ["written by", tool]
  ]
  const starRows = perStars.flatMap((n, halfStars) =>
    halfStars === 0
      ? []
      : [`| ${formatRating(decodeRating(halfStars / 2))} | ${count(n)} | ${share(n, state.ratings)} |`]
  )
  const fileRows = files.map(
    ({ bytes, name, rows, sha256 }) =>
      `| \`${name}\` | ${rows === undefined ? "" : count(rows)} | ${count(bytes)} | \`${sha256}\` |`
  )

  return `# Data card

Ratings of films by members of Letterboxd, read from the members' public lists of films.

| | |
|---|---|
${facts.map(([name, value]) => `| ${name} | ${value} |`).join("\n")}

## Files

| file | rows | bytes | SHA-256 |
|---|---|---|---|
${fileRows.length === 0 ? "| none: the dataset is in a database | | | |" : fileRows.join("\n")}
${notes.length === 0 ? "" : `\n${notes.map((note) => `- ${note}`).join("\n")}\n`}
## Ratings

| stars | ratings | share |
|---|---|---|
${starRows.join("\n")}

## Before you use it

- Members were taken from the top of the list of popular members: they are not a sample of all.
- "Complete" means that every page of a member's list was read and that the number of films agrees with the number the
  site states. Of partial members ratings are missing; nothing was filled in.
- Films that were watched and not rated are not in here.
${
  isAnonymous
    ? "- Names were left out, but somebody's ratings taken together can still tell who they are. Treat them as personal data.\n"
    : "- Names of members are in here: it is personal data. Publish an anonymous export instead, if you may publish at all.\n"
}
## Licence

None is granted with this dataset. The ratings are their authors', the site's terms of use (6.11) restrict automated
gathering and reuse, and laws on databases and personal data may apply: make sure that you may do what you want to do.
`
}
