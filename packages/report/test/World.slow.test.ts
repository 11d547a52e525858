/**
 * The numbers of reports on real ratings, beside the project, against the same computed in the plainest way.
 */
import { describe, it } from "@effect/vitest"
import { readWhole } from "@letterboxd-ratings/core"
import { datasetNumbers, memberNumbers, readMatrix } from "@letterboxd-ratings/report"
import { Effect } from "effect"
import { sample } from "../../../vitest.sample.ts"
import { isWorldAbsent, worldMembers, worldStorage } from "./ReportedDataset.ts"
import { assertSameMember, assertSameNumbers } from "./SameNumbers.ts"

describe.skipIf(isWorldAbsent)(
  `a report on the real world${isWorldAbsent ? " (skipped: there is no ../shared/world here)" : ""}`,
  () => {
    it.scopedLive(
      "has the numbers of an independent computation",
      () =>
        Effect.gen(function* () {
          const members = sample("members of the real world that are reported on", yield* worldMembers, 100)
          const whole = yield* readWhole(yield* worldStorage(members))
          const matrix = yield* readMatrix(whole)
          assertSameNumbers(yield* datasetNumbers(whole, matrix), matrix, members)
          for (const member of [0, 1, matrix.members.length - 1])
            assertSameMember(memberNumbers(matrix, member), matrix, members)
        }),
      300_000
    )
  }
)
