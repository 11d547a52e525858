/** The suite every source passes, over a real socket, in old and new markup and with both ends of a list. */
import {
  type Behaviour,
  type FaultKind,
  filmsOnPage,
  membersOnPage,
  Sandbox,
  type World
} from "@letterboxd-ratings/fixtures"
import { LetterboxdSource } from "@letterboxd-ratings/letterboxd-source"
import { Outage, sourceSuite, type SourceWorld } from "@letterboxd-ratings/storage-testkit"
import { Effect, Layer } from "effect"
import { sample } from "../../../vitest.sample.ts"
import { policyLayer } from "./SandboxSource.ts"

/** The suite's world as the sandbox serves it. */
const served = ({ members }: SourceWorld): World => ({
  members: members.map(({ films, state, username }) => ({
    username,
    displayName: username.toUpperCase(),
    state,
    films: films.map(({ film, ...watched }) => {
      const { slug = `film-${film.id}`, title = slug } = film
      return { ...watched, film: { ...film, slug, title } }
    })
  }))
})

/** Addresses that fail for ever. */
const failing = Outage.$match({
  Everything: () => "/",
  MembersList: () => "^/members/popular/page/",
  Part: ({ number, username }) => `^/${username}/films/${number === 1 ? "" : `page/${number}/`}$`
})

const sourceOf = (world: SourceWorld, behaviour: Partial<Behaviour>) =>
  Layer.unwrapScoped(
    Effect.map(Sandbox.make({ world: served(world), behaviour }), ({ url }) =>
      LetterboxdSource.layer({ ...LetterboxdSource.defaults, baseUrl: url }).pipe(
        Layer.provide(policyLayer({ maxRetries: 1 }))
      )
    )
  )

const sites: ReadonlyArray<readonly [site: Partial<Behaviour>, failure: FaultKind]> = [
  [
    { generation: "2022", gzip: false },
    { kind: "status", status: 503 }
  ],
  [{ generation: "2025-11", membersMove: true }, { kind: "drop" }],
  [
    { generation: "2026-09", pastTheEnd: 403 },
    { kind: "challenge", status: 403 }
  ]
]

for (const [site, failure] of sample("sites that the suite reads", sites, 1)) {
  sourceSuite(`LetterboxdSource in front of ${JSON.stringify(site)}`, (world) => sourceOf(world, site), {
    filmsPerPart: filmsOnPage,
    membersPerRequest: membersOnPage,
    runs: 10,
    unreachable: (world, outage) => sourceOf(world, { ...site, faults: [{ path: failing(outage), ...failure }] })
  })
}
