import { assert, describe, it } from "@effect/vitest"
import { type RunReport, UsernameFromText } from "@letterboxd-ratings/core"
import { DateTime, Schema } from "effect"
import { resultOf } from "../src/progress/RunWords.ts"

const name = Schema.decodeSync(UsernameFromText)

const report: RunReport = {
  mode: "continue",
  startedAt: DateTime.unsafeMake(0),
  finishedAt: DateTime.unsafeMake(2_000),
  members: { sealed: 1, partial: 0, gone: 0, private: 0, renamed: 0 },
  readAgain: { members: 0, added: 0, changed: 0, removed: 0 },
  partial: [],
  waiting: { refused: 0, "not-understood": 0, pages: 0, doubts: 0 },
  skipped: [],
  unreadListings: 0,
  batches: 1,
  pages: 1,
  ratings: 2,
  newFilms: 2,
  changedFilms: 0,
  totalUsers: 1,
  totalRatings: 2,
  requests: 3,
  retries: 0,
  pausedMillis: 0,
  listEnded: false
}
const partial = (username: string, ...doubts: RunReport["partial"][number]["doubts"]) => ({
  username: name(username),
  missing: [],
  lastPage: 1,
  doubts
})

describe("the result of a run", () => {
  it("ends with the command to continue with, if there is one", () => {
    assert.include(resultOf(report, "here", "lb run", []), "here holds 2 ratings of 1 member. Continue with: lb run")
    assert.notInclude(resultOf(report, "here", undefined, []), "Continue")
  })

  it("suggests no run that reads nothing", () => {
    const ended = { ...report, listEnded: true }
    assert.notInclude(resultOf(ended, "here", "lb run", []), "lb run")
    const waiting = { ...report.waiting, refused: 1 }
    assert.include(resultOf({ ...ended, waiting }, "here", "lb run", []), "Continue with: lb run")
  })

  it("gives the reason of each doubt", () => {
    const words = resultOf(
      {
        ...report,
        members: { ...report.members, partial: 4 },
        partial: [
          partial("count", "count-differs"),
          partial("moved", "list-moved"),
          partial("tiles", "unreadable-tiles"),
          partial("ratings", "ratings-missing")
        ],
        waiting: { refused: 1, "not-understood": 3, pages: 1, doubts: 3 }
      },
      "here",
      undefined,
      []
    )
    assert.include(
      words,
      "Partial in the dataset: 8 members (1 because the site refused a page, 1 because some films could not be read, " +
        "1 because its pages do not show its ratings, 1 because a page was not understood, 1 because pages are missing, " +
        "1 because the site states a different number of films, 1 because the list changed while it was read, " +
        "1 because its pages do not agree)."
    )
  })

  it("lists who was skipped, and who was not found", () => {
    const skip = [name("one"), name("two")]
    const words = resultOf({ ...report, skipped: [name("one")] }, "here", undefined, skip)
    assert.include(words, "\nSkipped: one.\n")
    assert.include(words, "did not find them: two.")
  })
})
