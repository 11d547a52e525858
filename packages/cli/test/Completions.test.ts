import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { completionsOf } from "../src/Completions.ts"
import { commands } from "../src/CommandTable.ts"
import { optionKeys } from "../src/options/OptionTable.ts"
import { usageOf } from "../src/Help.ts"

const isThere =
  spawnSync("bash", ["-c", "((BASH_VERSINFO[0] > 4 || BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4))"]).status === 0
const described = isThere ? describe : describe.skip
if (!isThere) process.stderr.write("Completions.test.ts is skipped: there is no bash 4.4 or later.\n")

const script = Effect.runSync(completionsOf(commands, "bash"))

/** What the Tab key gives at the end of each of these lines. */
const completed = (lines: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<ReadonlyArray<string>> => {
  const asks = lines.map(
    (words) =>
      `COMPREPLY=(); COMP_WORDS=(lb ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; ` +
      `_lb_bash_completions lb '${words.at(-1) ?? ""}' '${words.at(-2) ?? "lb"}'; echo "\${COMPREPLY[*]}"`
  )
  const { status, stderr, stdout } = spawnSync("bash", ["-c", `${script}\n${asks.join("\n")}`], { encoding: "utf8" })
  assert.strictEqual(status, 0, stderr)
  assert.strictEqual(stderr, "")
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" "))
}

described("the Tab key in bash", () => {
  it("completes commands, options, and the values of options that have a few", () => {
    const [all = [], begun = [], option, format, storage] = completed([
      [""],
      ["in"],
      ["query", "--f"],
      ["query", "--format", ""],
      ["status", "--storage", "s"]
    ])
    for (const { name } of commands) assert.include(all, name)
    assert.sameMembers([...begun], ["init", "inspect"])
    assert.deepStrictEqual(option, ["--format"])
    assert.sameMembers([...(format ?? [])], ["table", "json", "csv", "md"])
    assert.deepStrictEqual(storage, ["sqlite"])
  })

  it("completes every option of every command, and no other", () => {
    const found = completed(commands.map(({ name }) => [name, "--"]))
    for (const [i, command] of commands.entries()) {
      const own = optionKeys.filter(command.takes).map((key) => usageOf(key).split(" ")[0] ?? "")
      const switches = Object.keys(command.switches ?? {}).map((name) => `--${name}`)
      assert.sameMembers([...(found[i] ?? [])], ["--help", ...own, ...switches], command.name)
    }
  })
})
