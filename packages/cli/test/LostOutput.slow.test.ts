import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { bin, inEmptyFolder, lb, start } from "./Lb.ts"

describe.runIf(fs.existsSync("/dev/full"))("lb, where its output goes nowhere", () => {
  /** The exit code with standard output going to a place, and what is said on standard error. */
  const into = (folder: string, args: ReadonlyArray<string>, place: string) => {
    const to = fs.openSync(place, "w")
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], {
      cwd: folder,
      stdio: ["ignore", to, "pipe"],
      encoding: "utf8"
    })
    fs.closeSync(to)
    return { status, stderr }
  }

  it(
    "says that it was lost, exit 1, and keeps the code of what went wrong before",
    inEmptyFolder(async (folder) => {
      await lb(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1"])
      for (const args of [
        ["status"],
        ["status", "--json"],
        ["verify"],
        ["export", "--to", "jsonl"],
        ["--help"],
        ["--version"]
      ]) {
        const { status, stderr } = into(folder, args, "/dev/full")
        assert.strictEqual(status, 1, args.join(" "))
        assert.match(stderr, /Part of the output could not be written to standard output \(.*ENOSPC/u, args.join(" "))
        assert.strictEqual(stderr.split("Part of the output").length, 2)
      }
      assert.strictEqual(
        into(
          folder,
          ["run", "--mode", "continue", "--json", "--base-url", "http://127.0.0.1:1", "--timeout", "1"],
          "/dev/full"
        ).status,
        3
      )
      assert.strictEqual(into(folder, ["status"], path.join(folder, "told")).status, 0)
    })
  )

  it(
    "does not mind a reader who goes away",
    inEmptyFolder(async (folder) => {
      const run = start(folder, ["run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--json"])
      run.process.stdout?.once("data", () => run.process.stdout?.destroy())
      const { code, err } = await run.ended
      assert.strictEqual(code, 0)
      assert.notInclude(err, "Part of the output")
    })
  )
})
