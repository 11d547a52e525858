/**
 * What a report says about where a dataset comes from: growth, changes, proofs, times, and the data card.
 *
 * @since 0.1.0
 */
import { bars, growthChart } from "../charts/Charts.ts"
import type { DatasetNumbers } from "../numbers/DatasetNumbers.ts"
import { fewerSteps, type Growth } from "../numbers/Growth.ts"
import type { SealedGroup } from "../numbers/Seals.ts"
import { mostFilmsOfADay, type Times } from "../numbers/Times.ts"
import { card, facts, figure, notes, nothing, table } from "./Figure.ts"
import { type Html, html, type Part } from "./Html.ts"
import { count, counted, dayOf, percent, timeOf } from "./Words.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const growthFigures = ({ isRecorded, steps: all, untimed }: Growth): Part => {
  const steps = fewerSteps(all)
  const last = steps.at(-1)
  if (last === undefined) return card("Growth", "", nothing("No time of a reading is known."))
  const first = steps[0] ?? last
  const what = isRecorded
    ? "Each point is a batch that was committed, or several in a short time."
    : "Each point is a time at which lists were read. The dataset does not record its readings yet, so that only the last one of each member is known."
  const unknown = untimed === 0 ? "" : ` ${counted(untimed, "member")} were read before times were recorded.`
  const columns = [
    { name: "until (UTC)" },
    ...["new members", "read again", "members", "ratings"].map((name) => ({ name, isNumber: true }))
  ]
  const rows = steps.map(({ at, members, newMembers, ratings, readAgain }) => [
    timeOf(at),
    count(newMembers),
    count(readAgain),
    count(members),
    count(ratings)
  ])
  const membersTitle = `${counted(last.members, "member")} by ${dayOf(last.at)}`
  const ratingsTitle = `${counted(last.ratings, "rating")} by ${dayOf(last.at)}`
  const changed = steps.filter((one) => one.added + one.changed + one.removed > 0)
  const sums = { added: 0, changed: 0, removed: 0 }
  for (const one of changed) {
    sums.added += one.added
    sums.changed += one.changed
    sums.removed += one.removed
  }
  const changesTitle = `Reading members again found ${counted(sums.added, "new rating")}, ${count(sums.changed)} changed and ${count(sums.removed)} removed`
  return html`<div class="pair">
      ${figure({
        title: ratingsTitle,
        explanation: `Ratings in the dataset since ${dayOf(first.at)}. ${what}${unknown}`,
        picture: growthChart(
          ratingsTitle,
          steps.map(({ at, ratings: value }) => ({ at, value, note: `${timeOf(at)}: ${counted(value, "rating")}` })),
          "ratings"
        ),
        columns,
        rows
      })}${figure({
        title: membersTitle,
        explanation: `Members in the dataset since ${dayOf(first.at)}. ${what}`,
        picture: growthChart(
          membersTitle,
          steps.map(({ at, members: value }) => ({ at, value, note: `${timeOf(at)}: ${counted(value, "member")}` })),
          "members"
        ),
        columns,
        rows
      })}
    </div>
    ${
      changed.length === 0
        ? card(
            "Changes",
            "",
            nothing(
              isRecorded
                ? "No reading found a rating added, changed or removed."
                : "The dataset records changes from the first time a member is read again. None was so far."
            )
          )
        : figure({
            title: changesTitle,
            explanation: "Ratings that later readings of known members found added, changed or removed.",
            picture: bars(
              changesTitle,
              "full",
              changed.map(({ added, at, changed: other, removed }) => ({
                name: timeOf(at),
                value: added + other + removed,
                note: `${timeOf(at)}: ${count(added)} added, ${count(other)} changed, ${count(removed)} removed`
              })),
              {
                x: "read again at (UTC)",
                y: "changes",
                every: Math.ceil(changed.length / 6),
                everyOnNarrow: Math.ceil(changed.length / 2)
              }
            ),
            columns: [
              { name: "until (UTC)" },
              ...["added", "changed", "removed"].map((name) => ({ name, isNumber: true }))
            ],
            rows: changed.map(({ added, at, changed: other, removed }) => [
              timeOf(at),
              count(added),
              count(other),
              count(removed)
            ])
          })
    }`
}

const stateWords: Readonly<Record<SealedGroup["state"], string>> = {
  sealed: "complete",
  partial: "partial",
  private: "private",
  gone: "gone",
  renamed: "renamed",
  unproven: "not verified",
  forgotten: "forgotten"
}

const proofWords = ({ isRead, proof, state }: SealedGroup): string =>
  !isRead
    ? "none"
    : proof === "export"
      ? "the official export, read whole"
      : proof === "saved-pages"
        ? "saved pages"
        : proof === "feed"
          ? "a feed"
          : proof === "none"
            ? "none"
            : state === "sealed"
              ? "all pages of the site"
              : "pages of the site"

/**
 * Members by state, source and proof.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sealsCard = (groups: ReadonlyArray<SealedGroup>): Html => {
  const members = groups.reduce((sum, one) => sum + one.members, 0)
  const sealed = groups.reduce((sum, one) => sum + (one.state === "sealed" ? one.members : 0), 0)
  return card(
    `${percent(sealed / members)} of members are proven complete`,
    "A member is complete if every page of the list was read and the number of films is the one that the site states, or if an official export was read whole. Coverage is the number of films that were seen, of those that the lists state.",
    table(
      "Members by state and source",
      [
        { name: "state" },
        { name: "source" },
        { name: "read from" },
        ...["members", "ratings", "films seen", "films stated", "coverage"].map((name) => ({ name, isNumber: true }))
      ],
      groups.map((group) => [
        stateWords[group.state],
        group.source ?? (group.isRead ? "site" : "unknown"),
        proofWords(group),
        count(group.members),
        count(group.ratings),
        count(group.films),
        group.stated === 0 ? "not stated" : count(group.stated),
        group.stated === 0 ? "–" : percent(group.filmsOfStated / group.stated)
      ])
    )
  )
}

/**
 * What times mean. `isAnonymous` leaves out when lists were read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const timesCard = (times: Times, ratings: number, isAnonymous: boolean): Html => {
  const read =
    times.firstReading === undefined || times.lastReading === undefined
      ? "unknown"
      : `${timeOf(times.firstReading)} to ${timeOf(times.lastReading)} (UTC)${
          times.unknownReadings === 0 ? "" : `; unknown for ${counted(times.unknownReadings, "member")}`
        }`
  const days =
    times.firstDay === undefined || times.lastDay === undefined
      ? "none is known"
      : `known for ${count(times.dated)} ratings (${percent(times.dated / ratings)}), ${dayOf(times.firstDay)} to ${dayOf(times.lastDay)}`
  return card(
    times.dated === 0 ? "No rating has a day" : `${percent(times.dated / ratings)} of the ratings have a day`,
    "The times of a dataset are easily taken for more than they are.",
    html`${facts([
      ...(isAnonymous ? [] : [["lists were read", read] as const]),
      [
        "days of ratings",
        times.keepsDays ? days : "not kept. The site’s lists do not show when a film was rated; official exports do"
      ],
      ...(times.dated === 0
        ? []
        : ([
            [
              "entered in bulk",
              `${count(times.inBulk)} ratings (${percent(times.inBulk / times.dated)} of those with a day) are of days on which the member rated more than ${mostFilmsOfADay} films: days of catching up, not of watching`
            ],
            [
              "impossible days",
              times.afterReading === 0
                ? "none: no rating is later than the reading that found it"
                : `${counted(times.afterReading, "rating")} later than the reading that found them`
            ]
          ] as const))
    ])}${notes([
      "A day of a rating is the day on which it was entered or last changed, not the day on which the film was seen.",
      ...(isAnonymous
        ? []
        : ["The time of a reading is the same for all ratings of a member. It says nothing of their order."])
    ])}`
  )
}

/**
 * The data card: what the dataset is, and what to know before using it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const dataCard = (
  numbers: DatasetNumbers,
  {
    committedAt,
    isAnonymous,
    tool
  }: { readonly committedAt: number; readonly isAnonymous: boolean; readonly tool: string }
): Html => {
  const { films, growth, members, rated, ratings, seals, times, watched } = numbers
  const sealed = seals.reduce((sum, one) => sum + (one.state === "sealed" ? one.members : 0), 0)
  const sources = new Set(seals.flatMap(({ source }) => (source === undefined ? [] : [source])))
  const isOfSite = sources.size === 0
  return card(
    "What this dataset is",
    "",
    html`${facts([
      ["what", "Film ratings by members of Letterboxd, from 0.5 to 5 stars in halves"],
      [
        "origin",
        isOfSite
          ? "the members’ public film lists"
          : `files (${[...sources].toSorted().join(", ")})${seals.some(({ isRead, source }) => isRead && source === undefined) ? " and the members’ public film lists" : ""}`
      ],
      ["members", `${count(members)}, ${percent(sealed / members)} proven complete`],
      ["films", `${count(films)}, ${count(rated)} of them rated`],
      ["ratings", count(ratings)],
      ...(watched === 0 ? [] : [["watched without a rating", count(watched)] as const]),
      ["batches", count(growth.batches)],
      ["days of ratings", times.keepsDays ? `for ${percent(times.dated / ratings)} of the ratings` : "not kept"],
      ["last commit", isAnonymous ? dayOf(committedAt) : `${timeOf(committedAt)} (UTC)`],
      ["names of members", isAnonymous ? "left out of this report; ids are salted" : "shown in this report"],
      ["licence", "none. The ratings belong to their authors; the site’s terms of use and laws on personal data apply"],
      ["made with", tool]
    ])}${notes([
      isOfSite
        ? "The members are from the top of the list of popular members. They are not a random sample."
        : "The members are those whose files were imported. They are not a random sample.",
      "Some ratings of partial members are missing. Nothing was filled in.",
      isAnonymous
        ? "A person’s ratings taken together may still identify them."
        : "This report names members, so it is personal data. Make it with names left out before you publish it."
    ])}`
  )
}
