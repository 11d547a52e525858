import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { sample } from "../../../vitest.sample.ts"
import { commands } from "../src/lb.ts"
import { inEmptyFolder, lbProcess } from "./Lb.ts"

/** The first one, which wants colours most, is tried with everything; the others with what is written first. */
const terminals: ReadonlyArray<Readonly<Record<string, string>>> = [
  { FORCE_COLOR: "1", TERM: "xterm-256color", COLORTERM: "truecolor" },
  { NO_COLOR: "1", TERM: "xterm-256color" },
  { TERM: "dumb" },
  {}
]

describe("what lb writes into a pipe", () => {
  for (const [i, variables] of terminals.entries()) {
    it(
      `is text without colours or moves of the cursor: ${JSON.stringify(variables)}`,
      inEmptyFolder(async (folder) => {
        fs.writeFileSync(path.join(folder, "wrong.json"), JSON.stringify({ "\u001B[31mred": 1 }))
        const lines: ReadonlyArray<readonly [code: number, ...words: ReadonlyArray<string>]> = [
          [0],
          [1, "nonsense"],
          [0, "run", "--mode", "new", "--source", "sandbox", "--batches", "1", "--batch-size", "2"],
          [0, "run", "--mode", "continue", "--source", "sandbox", "--batches", "1", "--batch-size", "1", "--json"],
          [0, "user", "member_1", "--source", "sandbox"],
          [0, "status"],
          [0, "verify"],
          [0, "export", "--to", "jsonl"],
          [0, "doctor", "--source", "sandbox"],
          // Without --yes, there is nobody to ask.
          [1, "run", "--mode", "new", "--source", "sandbox"],
          [0, "--version"],
          [0, "help", "run"],
          ...sample("commands whose help and errors are text", commands, 2).flatMap(({ name }) => [
            [0, name, "--help"] as const,
            [1, name, "--\u001B[31mred"] as const,
            [1, name, ...(name === "user" ? ["davee"] : []), "--config", "wrong.json"] as const
          ]),
          [1, "\u001B[31mred"],
          [1, "user", "\u001B[31mred"]
        ]
        for (const [code, ...words] of lines.slice(0, i === 0 ? undefined : 3)) {
          const ended = await lbProcess(folder, words, variables)
          assert.strictEqual(ended.code, code, `${words.join(" ")}: ${ended.err}`)
          assert.notMatch(ended.out + ended.err, /[^\P{Cc}\n]/u, words.join(" "))
          // What was asked for is in one place, and nothing in the other.
          if (words.length === 0 || words.includes("--help") || words[0] === "help") assert.strictEqual(ended.err, "")
          // A command line that is not understood is worth one line.
          if (code === 1) assert.match(ended.err, /^[^\n]+\n$/u)
        }
      }),
      300_000
    )
  }
})
