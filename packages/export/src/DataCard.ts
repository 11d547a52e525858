/**
 * The description of an export.
 *
 * @since 0.1.0
 */
import { type DatasetState, formatRating, Rating } from "@letterboxd-ratings/core"
import { DateTime, Schema } from "effect"
import type { ChangesSince } from "./EarlierExport.ts"
import type { ExportedFile, FileColumn } from "./ExportedFile.ts"
import { count, counted } from "./NumberWords.ts"
import type { RatingTally } from "./RatingTally.ts"

/**
 * - `format`: what the dataset was written as.
 * - `state`, `committedAt`: its content, and the time of the last commit.
 * - `asOf`: the time as of which the dataset was exported, if it is not how it is now.
 * - `sinceLast`: what changed since the export whose place this one takes.
 * - `tally`: what was counted in the ratings that were written.
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
  readonly asOf?: DateTime.Utc
  readonly sinceLast?: ChangesSince
  readonly tally: RatingTally
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
const dayOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10)

/** Densities are small: three digits of them are told, however small. */
const density = (part: number): string =>
  Number.isFinite(part) ? `${(part * 100).toLocaleString("en-US", { maximumSignificantDigits: 3 })} %` : "none"

/** Text of others in a cell of a table: nothing in it is markup or ends the cell, and it is short. */
const cell = (text: string): string =>
  text
    .slice(0, 100)
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, " ")
    .replaceAll(/[!"#$%&'()*+./:;<=>?@[\\\]^_`{|}~]/gu, String.raw`\$&`)

const table = (names: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [names, names.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

/** A table of two columns without names. */
const pairs = (rows: ReadonlyArray<readonly [string, string]>): string =>
  ["| | |", "|---|---|", ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join("\n")

type State = DataCardFacts["state"]

/** The kinds of files that members come from; none if all were read from the site. */
const sourcesIn = ({ members }: State): ReadonlySet<string> =>
  new Set([...members.values()].flatMap(({ source }) => (source === undefined ? [] : [source])))

const originOf = (state: State, sources: ReadonlySet<string>): string =>
  sources.size === 0
    ? "read from the members' public film lists"
    : `imported from files (${[...sources].toSorted().map(cell).join(", ")})${
        [...state.members.values()].some(({ source }) => source === undefined)
          ? " and read from the members' public film lists"
          : ""
      }`

/** When lists were read, and of how many members that is not known. */
const readingsOf = ({ members, updates, users }: State) => {
  let earliest = Infinity
  let latest = -Infinity
  let unknown = 0
  for (const username of users.keys()) {
    const at = (members.get(username)?.readAt ?? updates.get(username))?.epochMillis ?? 0
    if (at === 0) unknown += 1
    else {
      earliest = Math.min(earliest, at)
      latest = Math.max(latest, at)
    }
  }
  return { unknown, span: unknown === users.size ? undefined : `${dayOf(earliest)} to ${dayOf(latest)} (UTC)` }
}

/** What a member's list is, in a word. */
const stateWord = (state: string): string => (state === "sealed" ? "complete" : state)

/** How many members there are of each state, source and proof. */
const proofRows = ({ members, users }: State): ReadonlyArray<ReadonlyArray<string>> => {
  const counts = new Map<string, { readonly cells: ReadonlyArray<string>; members: number }>()
  for (const username of users.keys()) {
    const { proof, source, state } = members.get(username) ?? { state: "unproven", source: "unknown", proof: "none" }
    const byPages = state === "sealed" ? "the site's pages" : "none"
    const cells = [stateWord(state), source === undefined ? "the site's pages" : cell(source), proof ?? byPages]
    const known = counts.get(cells.join("\n"))
    if (known === undefined) counts.set(cells.join("\n"), { cells, members: 1 })
    else known.members += 1
  }
  return [...counts.values()]
    .toSorted((one, other) => other.members - one.members || (one.cells.join() < other.cells.join() ? -1 : 1))
    .map(({ cells, members: n }) => cells.concat(count(n)))
}

/** How the ratings are spread over members and films. */
const spreadOf = ({ cores, perFilm, perMember }: RatingTally): string => {
  const quantiles = (name: string, of: RatingTally["perFilm"]) => [name, ...of.map(({ ratings }) => count(ratings))]
  const spread =
    perMember.length === 0
      ? "There are no ratings."
      : `${table(
          ["ratings per", "least", "25 %", "median", "75 %", "90 %", "most"],
          [quantiles("member", perMember), quantiles("film", perFilm)]
        )}

Members and films without ratings are not counted here. Each number is that of one of them (the nearest rank).`
  return `${spread}

${table(
  ["k-core", "members", "films", "ratings", "density"],
  cores.map(({ density: part, films, k, members, ratings }) => [
    `${k}`,
    count(members),
    count(films),
    count(ratings),
    density(part)
  ])
)}

A k-core is what is left if members and films with fewer than k ratings are taken away, until nothing changes.`
}

/** Which times there are, and of what. */
const timesOf = (
  { isAnonymous, state, tally }: Pick<DataCardFacts, "isAnonymous" | "state" | "tally">,
  unknown: number
): string => {
  const { dated, firstDay, lastDay, ratings } = tally
  const noDays = isAnonymous
    ? "none: days are left out"
    : state.keeps.has("rated_on")
      ? "none"
      : "none: the dataset keeps no days"
  const hasDays = !isAnonymous && firstDay !== undefined && lastDay !== undefined
  return pairs([
    [
      "ratings with the day of the rating",
      hasDays ? `${count(dated)}, ${share(dated, ratings)}: ${firstDay} to ${lastDay}` : noDays
    ],
    [
      "ratings without a day",
      `${count(isAnonymous ? ratings : ratings - dated)}: their only time is ${
        isAnonymous ? "the day of the last commit" : "when the member's list was read"
      }`
    ],
    ["time of reading unknown", counted(unknown, "member")]
  ])
}

/** What columns mean, file by file. */
const columnsOf = (files: ReadonlyArray<ExportedFile>): string => {
  const row = (file: string, { description, name }: FileColumn) => [`\`${file}\``, `\`${name}\``, description]
  const rows = files.flatMap(({ columns = [], name }) => columns.map((column) => row(name, column)))
  return rows.length === 0 ? "" : `\n## Columns\n\n${table(["file", "column", "what it is"], rows)}\n`
}

/**
 * The card, in Markdown. The same dataset gives the same card.
 *
 * @since 0.1.0
 * @category constructors
 */
export const dataCard = ({
  asOf,
  committedAt,
  files,
  format,
  isAnonymous,
  notes,
  sinceLast,
  state,
  tally,
  tool
}: DataCardFacts): string => {
  const members = { sealed: 0, partial: 0, gone: 0, private: 0, renamed: 0, unproven: 0, forgotten: 0 }
  const sources = sourcesIn(state)
  const isOfSite = sources.size === 0
  let seen = 0
  let rated = 0
  let stated = 0
  let seenOfStated = 0
  for (const { films, ratings, state: memberState, statedFilms } of state.members.values()) {
    members[memberState] += 1
    seen += films
    rated += ratings
    if (statedFilms !== undefined) {
      stated += statedFilms
      seenOfStated += films
    }
  }
  const readings = readingsOf(state)
  const unproven = members.unproven + state.users.size - state.members.size
  const words = (["sealed", "partial", "gone", "private", "renamed"] as const).flatMap((name) =>
    members[name] === 0 ? [] : [`${count(members[name])} ${stateWord(name)}`]
  )
  if (unproven > 0) words.push(`${count(unproven)} imported from another tool and not verified`)

  const facts: ReadonlyArray<readonly [string, string]> = [
    ["layout", format],
    ...(asOf === undefined ? [] : [["as of", DateTime.formatIso(asOf)] as const]),
    ["members", `${count(state.users.size)}: ${words.join(", ")}`],
    ["members with ratings", count(tally.members)],
    ["proven complete", share(members.sealed, state.users.size)],
    ["films", count(state.films.size)],
    ["ratings", count(state.ratings)],
    [
      "density",
      `${density(tally.ratings / (tally.members * tally.films))} of the pairs of the ${counted(tally.members, "member")} and ${counted(tally.films, "film")} with ratings`
    ],
    ["films that a member rated twice", tally.doubled === 0 ? "none" : count(tally.doubled)],
    ["watched films in the lists read", `${count(seen)}, ${share(rated, seen)} of them rated`],
    [
      "coverage",
      stated === 0
        ? "unknown: the pages state no number of films"
        : `${share(seenOfStated, stated)} of the ${count(stated)} films stated on the members' pages`
    ],
    ["read", readings.span ?? "unknown"],
    ["last commit", isAnonymous ? dayOf(committedAt.epochMillis) : DateTime.formatIso(committedAt)],
    ...(isAnonymous || !state.keeps.has("changes")
      ? []
      : [["changes recorded", `${count(state.changes)} in ${counted(state.readings, "reading")}`] as const]),
    ...(isAnonymous || sinceLast === undefined
      ? []
      : [
          [
            "changes since the last export here",
            `${count(sinceLast.changes)} in ${counted(sinceLast.readings, "reading")} since ${DateTime.formatIso(sinceLast.at)}`
          ] as const
        ]),
    ["names", isAnonymous ? "removed; ids are salted" : "included"],
    ["written by", tool]
  ]
  const starRows = tally.perStars.flatMap((n, halfStars) =>
    halfStars === 0 ? [] : [[formatRating(decodeRating(halfStars / 2)), count(n), share(n, state.ratings)]]
  )
  const fileRows = files.map(({ bytes, name, rows, sha256 }) => [
    `\`${name}\``,
    rows === undefined ? "" : count(rows),
    count(bytes),
    `\`${sha256}\``
  ])

  return `# Data card

Film ratings by members of Letterboxd, ${originOf(state, sources)}.

${pairs(facts)}

## Files

${table(["file", "rows", "bytes", "SHA-256"], fileRows.length === 0 ? [["none: the dataset is in a database", "", "", ""]] : fileRows)}
${notes.length === 0 ? "" : `\n${notes.map((note) => `- ${note}`).join("\n")}\n`}${columnsOf(files)}
## Ratings

${table(["stars", "ratings", "share"], starRows)}

${spreadOf(tally)}

## Times

${timesOf({ isAnonymous, state, tally }, readings.unknown)}
${
  isAnonymous
    ? ""
    : `
## Proof

${table(["list", "source", "proof", "members"], proofRows(state))}
`
}
## Before you use it

- ${
    isOfSite
      ? "The members are from the top of the list of popular members. They are not a random sample."
      : "The members are those whose files were imported. They are not a random sample."
  }
- "Complete" means that every page of a member's list was read, and that the number of films is the number stated by the
  site${isOfSite ? "" : ", or that the member's official export was read whole"}. Some ratings of partial members are missing; nothing was filled in.
- Films that were watched but not rated are ${
    files.some(({ watched }) => watched !== undefined)
      ? "in a file of their own. A list that is not complete lacks some of them."
      : "not included."
  }
${
  isAnonymous
    ? `- Names were removed, but a person's ratings taken together may still identify them. Whoever knows a few films that
  somebody rated, from a profile, a review or a talk, can find that person's other ratings; the more ratings, and the rarer
  the films, the easier it is. Do not publish the salt, or the dataset itself. Treat the ratings as personal data.
`
    : "- The names of members are included, so this is personal data. If you may publish it at all, publish an anonymous export.\n"
}
## Licence

This dataset comes without a licence. The ratings belong to their authors, the site's terms of use (6.11) restrict automated
data collection and reuse, and laws on databases and personal data may apply. Make sure that your use is allowed.
`
}
