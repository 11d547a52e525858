/**
 * Real lists of members, as far as they are at hand.
 */
import { assert } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as zlib from "node:zlib"
import { fileURLToPath } from "node:url"

const watched = fileURLToPath(new URL("../../../../shared/world/watched.csv.gz", import.meta.url))

/** Why no program in Python that needs a module can look at them, as part of a test's name; empty where one can. */
export const absentFor = (module: string): string =>
  !fs.existsSync(watched)
    ? " (skipped: there is no ../shared/world here)"
    : spawnSync("python3", ["-c", `import ${module}`]).status === 0
      ? ""
      : ` (skipped: python3 has no ${module.split(".", 1)[0]} here)`

/** Each film on each list: stars from 0.5 to 5, or none. */
export const realLists = (): ReadonlyArray<{
  readonly member: string
  readonly film: string
  readonly stars: number | undefined
}> => {
  const lines = zlib.gunzipSync(fs.readFileSync(watched)).toString("utf8").trimEnd().split("\n").slice(1)
  const rows = lines.map((line) => {
    const [member = "", film = "", stars = ""] = line.split(",")
    return { member, film, stars: stars === "" ? undefined : Number(stars) }
  })
  assert.strictEqual(rows.filter(({ stars }) => stars !== undefined).length, 728_836)
  return rows
}
