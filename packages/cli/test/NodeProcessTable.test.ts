import { ProcessTable } from "@letterboxd-ratings/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as NodeProcessTable from "../src/NodeProcessTable.ts"

describe("the processes of this machine", () => {
  it.effect("are this one, and none with a number that no process has", () =>
    Effect.gen(function*() {
      const { isRunning, self } = yield* ProcessTable
      const here = yield* self
      assert.isTrue(yield* isRunning(here))
      assert.isTrue(yield* isRunning({ ...here, startedAt: 0 }))
      assert.isFalse(yield* isRunning({ ...here, startedAt: here.startedAt + 1_000 }))
      for (const pid of [0, -1, -here.pid, 2 ** 31 - 1]) assert.isFalse(yield* isRunning({ ...here, pid, startedAt: 0 }), `${pid}`)
      // Of another machine nothing is known.
      assert.isTrue(yield* isRunning({ ...here, host: "elsewhere" }))
      assert.isFalse(yield* isRunning({ ...here, host: "elsewhere", pid: 0 }))
    }).pipe(Effect.provide(NodeProcessTable.layer)))
})
