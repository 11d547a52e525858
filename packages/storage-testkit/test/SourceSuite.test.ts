import { sourceSuite } from "@letterboxd-ratings/storage-testkit"
import * as WorldSource from "./WorldSource.ts"

sourceSuite("the world itself", (world) => WorldSource.layer(world), {
  unreachable: (world, outage) => WorldSource.layer(world, { outage })
})

sourceSuite("a source that takes every liberty", (world) => WorldSource.layer(world, { liberties: true }), {
  filmsPerPart: 20,
  unreachable: (world, outage) => WorldSource.layer(world, { liberties: true, outage })
})

sourceSuite("a source without a network", (world) => WorldSource.layer(world, { offline: true }), {
  membersPerRequest: Infinity,
  sendsRequests: false,
  unreachable: (world, outage) => WorldSource.layer(world, { offline: true, outage })
})
