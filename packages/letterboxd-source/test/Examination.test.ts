import { assert, describe, it } from "@effect/vitest"
import { UsernameFromText } from "@letterboxd-ratings/core"
import { Sandbox } from "@letterboxd-ratings/fixtures"
import { examine, type Finding, HttpPolicy, LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { Cause, Effect, Exit, Schema, Stream } from "effect"
import { policyLayer, world } from "./SandboxSource.ts"

const cinephile = Schema.decodeSync(UsernameFromText)("cinephile4")

const steps: ReadonlyArray<readonly [Finding["step"], path: string]> = [
  ["robots.txt", "/robots.txt"],
  ["members page", "/members/popular/"],
  ["films page", "/cinephile4/films/"],
  ["second films page", "/cinephile4/films/page/2/"]
]

describe("an examination whose step dies", () => {
  for (const [i, [step, path]] of steps.entries()) {
    it.scopedLive(
      `ends with what killed it, after the steps before it: ${step}`,
      () =>
        Effect.gen(function* () {
          const site = yield* Sandbox.make({ world })
          const deadly = new Error("a fault of ours")
          const found: Array<string> = []
          const exit = yield* examine(
            { ...LetterboxdSource.defaults, name: "sandbox", baseUrl: site.url },
            cinephile
          ).pipe(
            Stream.runForEach((finding) => Effect.sync(() => found.push(finding.step))),
            Effect.provideServiceEffect(
              HttpPolicy.HttpPolicy,
              Effect.map(HttpPolicy.HttpPolicy, (policy) => ({
                ...policy,
                get: (url: string, judge: HttpPolicy.Judge) =>
                  new URL(url).pathname === path ? Effect.die(deadly) : policy.get(url, judge)
              }))
            ),
            Effect.provide(policyLayer()),
            Effect.exit
          )
          assert.deepStrictEqual(
            found,
            steps.slice(0, i).map(([one]) => one)
          )
          assert.deepStrictEqual(Exit.isFailure(exit) ? [...Cause.defects(exit.cause)] : [], [deadly])
        }),
      5_000
    )
  }
})
