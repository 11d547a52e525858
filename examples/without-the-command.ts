/**
 * Core and the source as parts of a program of one's own: counts what the members of a site rate highest, and keeps
 * nothing. The sandbox stands for the site.
 */
import { FetchHttpClient } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { activityOf, displayName, labelOf, RatingsSource } from "@letterboxd-ratings/core"
import { generateWorld, Sandbox } from "@letterboxd-ratings/fixtures"
import { HttpPolicy, LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { Console, Effect, Layer, Stream } from "effect"

const program = Effect.gen(function* () {
  const source = yield* RatingsSource
  const fives = new Map<string, number>()
  yield* source.members.pipe(
    Stream.take(10),
    Stream.flatMap(({ username }) => source.list(username, "all"), { concurrency: 5 }),
    Stream.runForEach((part) =>
      Effect.gen(function* () {
        const { content, number, username } = part
        if (content._tag !== "Films") return yield* Console.log(`part ${number} of ${username}: ${labelOf(part)}`)
        for (const { film, rating } of content.films) {
          if (rating === 5) fives.set(displayName(film), (fives.get(displayName(film)) ?? 0) + 1)
        }
      })
    )
  )
  const top = [...fives].toSorted(([, a], [, b]) => b - a).slice(0, 3)
  for (const [title, count] of top) yield* Console.log(`${count} times five stars: ${title}`)
  const { requests } = yield* activityOf(source)
  yield* Console.log(`${requests} requests`)
})

const source = Layer.unwrapScoped(
  Effect.map(Sandbox.make({ world: generateWorld() }), ({ url }) =>
    LetterboxdSource.layer({ ...LetterboxdSource.defaults, baseUrl: url }).pipe(
      Layer.provide(HttpPolicy.layer({ ...HttpPolicy.defaults, requestsPerSecond: Infinity })),
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
    )
  )
)

NodeRuntime.runMain(Effect.provide(program, source))
