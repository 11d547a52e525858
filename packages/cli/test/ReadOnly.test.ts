import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { bin, inEmptyFolder, lb } from "./Lb.ts"

/** Runs a program in a mount namespace of its own, in which a folder is on a read-only file system. */
const onReadOnly = (cwd: string, folder: string, program: ReadonlyArray<string>) =>
  spawnSync(
    "unshare",
    ["-rm", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"', folder, ...program],
    { cwd, encoding: "utf8", env: { PATH: process.env["PATH"] } }
  )

const isPossible = (() => {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync("/tmp"), "lb-read-only-"))
  const { status } = onReadOnly("/", folder, ["sh", "-c", '! touch "$0/file" 2> /dev/null', folder])
  fs.rmSync(folder, { recursive: true })
  return status === 0
})()

const readings: ReadonlyArray<readonly [command: string, ...args: ReadonlyArray<string>]> = [
  ["verify"],
  ["inspect", "ratings"],
  ["status", "--json"],
  ["log"],
  ["query", "select count(*) as n from ratings"],
  ["report", "--out-file", "report.html"],
  ["export", "--to", "movielens", "--into", "exported", "--yes"]
]

describe.skipIf(!isPossible)(
  `a dataset on a read-only file system${isPossible ? "" : " (skipped: unshare and mount cannot make one here)"}`,
  () => {
    for (const [storage, commands] of [
      ["csv", readings],
      ["sqlite", readings.slice(0, 4)],
      ["parquet", readings.slice(0, 2)]
    ] as const) {
      it(
        `is read like any other, and not written: ${storage}`,
        inEmptyFolder(async (folder) => {
          const run = (mode: string) => ["run", "--mode", mode, "--source", "sandbox", "--storage", storage]
          const made = await lb(folder, [...run("new"), "--out", "data", "--batches", "1"])
          assert.strictEqual(made.code, 0, made.err)
          const before = fs.readdirSync(path.join(folder, "data")).toSorted()
          for (const [command, ...more] of commands) {
            const args = [command, ...more, command === "export" ? "--from" : "--storage", storage, "--out", "data"]
            const expected = await lb(folder, args)
            const found = onReadOnly(folder, "data", [process.execPath, bin, ...args])
            assert.deepStrictEqual(
              { code: found.status, out: found.stdout, err: found.stderr },
              { code: 0, out: expected.out, err: expected.err },
              command
            )
          }
          const refused = onReadOnly(folder, "data", [process.execPath, bin, ...run("continue"), "--out", "data"])
          assert.strictEqual(refused.status, 1)
          assert.include(refused.stderr, "the file system is read-only")
          assert.deepStrictEqual(fs.readdirSync(path.join(folder, "data")).toSorted(), before)
        }),
        60_000
      )
    }
  }
)
