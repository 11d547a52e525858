import { assert, describe, it } from "@effect/vitest"
import { ProcessTable } from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect } from "effect"
import * as fs from "node:fs"

describe("the processes of this machine", () => {
  it.effect("are this one, and none with a number that no process has", () =>
    Effect.gen(function* () {
      const { isRunning, self } = yield* ProcessTable
      const here = yield* self
      assert.isTrue(yield* isRunning(here))
      assert.isTrue(yield* isRunning({ ...here, startedAt: 0 }))
      assert.isFalse(yield* isRunning({ ...here, startedAt: here.startedAt + 1_000 }))
      for (const pid of [0, -1, -here.pid, 2 ** 31 - 1])
        assert.isFalse(yield* isRunning({ ...here, pid, startedAt: 0 }), `${pid}`)
      // The machine was started anew since, and the number given again.
      assert.isFalse(yield* isRunning({ ...here, boot: "another" }))
      // Of another machine nothing is known.
      assert.isTrue(yield* isRunning({ ...here, host: "elsewhere" }))
      assert.isFalse(yield* isRunning({ ...here, host: "elsewhere", pid: 0 }))
    }).pipe(Effect.provide(NodeProcessTable.layer))
  )

  it.effect(
    "are told by nothing that changes when the clock is set",
    () =>
      Effect.gen(function* () {
        const { boot, startedAt } = yield* Effect.flatMap(ProcessTable, ({ self }) => self)
        const uptime = Number(fs.readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000
        assert.isAbove(startedAt, 0)
        assert.isAtMost(startedAt, uptime + 1_000)
        assert.match(boot ?? "", /^[0-9a-f-]{36}$/u)
      }).pipe(Effect.provide(NodeProcessTable.layer)),
    { skip: !fs.existsSync("/proc/uptime") }
  )
})
