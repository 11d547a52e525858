/**
 * The description of an export.
 *
 * @since 0.1.0
 */
import { type DatasetState, formatRating, Rating } from "@letterboxd-ratings/core"
import { DateTime, Schema } from "effect"
import { count, type ExportedFile } from "./ExportedFile.ts"

/**
 * - `format`: what the dataset was written as.
 * - `state`, `committedAt`: its content, and the time of the last commit.
 * - `perStars`: how many ratings of each number of half stars (0 to 10) were written.
 * - `isAnonymous`: whether names were left out.
 * - `tool`: the name and version of the program that wrote it.
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

const share = (part: number, whole: number): string => (whole === 0 ? "none" : `${((part / whole) * 100).toFixed(1)} %`)
const decodeRating = Schema.decodeSync(Rating)

/** The kinds of files that members come from; none if all were read from the site. */
const sourcesIn = ({ members }: DataCardFacts["state"]): ReadonlySet<string> =>
  new Set([...members.values()].flatMap(({ source }) => (source === undefined ? [] : [source])))

const originOf = (state: DataCardFacts["state"], sources: ReadonlySet<string>): string =>
  sources.size === 0
    ? "read from the members' public film lists"
    : `imported from files (${[...sources].toSorted().join(", ")})${
        [...state.members.values()].some(({ source }) => source === undefined)
          ? " and read from the members' public film lists"
          : ""
      }`

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
  const members = { sealed: 0, partial: 0, gone: 0, private: 0, renamed: 0, unproven: 0, forgotten: 0 }
  const sources = sourcesIn(state)
  const isOfSite = sources.size === 0
  let seen = 0
  let rated = 0
  let stated = 0
  let seenOfStated = 0
  const times: Array<number> = []
  for (const { films, ratings, readAt, state: memberState, statedFilms } of state.members.values()) {
    members[memberState] += 1
    seen += films
    rated += ratings
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
  const unproven = members.unproven + state.users.size - state.members.size
  const words = (["sealed", "partial", "gone", "private", "renamed"] as const).flatMap((name) =>
    members[name] === 0 ? [] : [`${count(members[name])} ${name === "sealed" ? "complete" : name}`]
  )
  if (unproven > 0) words.push(`${count(unproven)} imported from another tool and not verified`)

  const facts: ReadonlyArray<readonly [string, string]> = [
    ["layout", format],
    ["members", `${count(state.users.size)}: ${words.join(", ")}`],
    ["proven complete", share(members.sealed, state.users.size)],
    ["films", count(state.films.size)],
    ["ratings", count(state.ratings)],
    ["watched films in the lists read", `${count(seen)}, ${share(rated, seen)} of them rated`],
    [
      "coverage",
      stated === 0
        ? "unknown: the pages state no number of films"
        : `${share(seenOfStated, stated)} of the ${count(stated)} films stated on the members' pages`
    ],
    ["read", times.length === 0 ? "unknown" : `${day(earliest)} to ${day(latest)} (UTC)`],
    ["last commit", isAnonymous ? day(committedAt.epochMillis) : DateTime.formatIso(committedAt)],
    ["names", isAnonymous ? "removed; ids are salted" : "included"],
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

Film ratings by members of Letterboxd, ${originOf(state, sources)}.

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

- ${
    isOfSite
      ? "The members are from the top of the list of popular members. They are not a random sample."
      : "The members are those whose files were imported. They are not a random sample."
  }
- "Complete" means that every page of a member's list was read, and that the number of films is the number stated by the
  site${isOfSite ? "" : ", or that the member's official export was read whole"}. Some ratings of partial members are missing; nothing was filled in.
- Films that were watched but not rated are not included.
${
  isAnonymous
    ? "- Names were removed, but a person's ratings taken together may still identify them. Treat the ratings as personal data.\n"
    : "- The names of members are included, so this is personal data. If you may publish it at all, publish an anonymous export.\n"
}
## Licence

This dataset comes without a licence. The ratings belong to their authors, the site's terms of use (6.11) restrict automated
data collection and reuse, and laws on databases and personal data may apply. Make sure that your use is allowed.
`
}
