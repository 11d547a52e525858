import { assert, describe, it } from "@effect/vitest"
import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { readCommandLine } from "../src/CommandLine.ts"
import { helpOfAll, helpOfCommand, usageOf } from "../src/Help.ts"
import { commandGroups, commands } from "../src/CommandTable.ts"
import { flagOf, optionGroups, optionKeys, optionTable } from "../src/options/OptionTable.ts"

const widths = [20, 40, 60, 80, 100, 200]
const helps = (width: number) => [
  helpOfAll(commandGroups, "1.2.3", width),
  ...commands.map((command) => helpOfCommand(command, width))
]

describe("the help", () => {
  it("is plain text that ends with a line end, and keeps to the width of the screen", () => {
    for (const width of widths) {
      for (const help of helps(width)) {
        assert.match(help, /^[^\p{C}][^\p{Cc}]*(?:\n[^\p{Cc}]*)*\n$/u)
        for (const line of help.split("\n")) {
          // A word, a name in the margin and a command to copy stay whole.
          if (line.length > Math.min(width, 100)) assert.match(line, /^ *\S+$|^ {2}(?:lb |[a-z]+ |--)/u)
        }
      }
    }
  })

  it("shows how a command is used, and each of its options once, with the default", () => {
    for (const command of commands) {
      const help = helpOfCommand(command, 100)
      assert.isTrue(help.startsWith(`Usage: lb ${command.name} ${command.usage}\n`))
      for (const key of optionKeys) {
        const rows = help
          .split("\n")
          .filter((line) => line.startsWith(`  ${usageOf(key)} `) || line === `  ${usageOf(key)}`)
        assert.strictEqual(rows.length, command.takes(key) ? 1 : 0, `${command.name}: ${key}`)
        const { fallback, isSwitch } = optionTable[key]
        if (command.takes(key) && !isSwitch && fallback !== undefined && typeof fallback !== "object")
          assert.include(help.replaceAll(/\n +/gu, " "), `Default: ${fallback}.`)
      }
      for (const name of Object.keys(command.switches ?? {})) assert.include(help, `  --${name} `)
      for (const [example] of command.examples) assert.include(help, `  ${example}\n`)
    }
  })

  it("lists each command once, the usual ones first, on one screen", () => {
    const lines = helpOfAll(commandGroups, "1.2.3", 100).split("\n")
    const listed = lines
      .slice(0, lines.indexOf("Examples:"))
      .flatMap((line) => /^ {2}([a-z]+)(?= |$)/u.exec(line)?.[1] ?? [])
    assert.deepStrictEqual(
      listed,
      commands.map(({ name }) => name)
    )
    assert.deepStrictEqual(listed.slice(0, 3), ["run", "import", "status"])
    assert.isBelow(lines.length, 60)
    for (const help of helps(100)) assert.notMatch(help, /user-defined|This setting is optional/iu)
  })

  it("names no option twice, and none that there is not", () => {
    const all = optionGroups.flatMap(({ keys }) => keys)
    assert.deepStrictEqual(all.toSorted(), optionKeys.toSorted())
  })
})

const root = fileURLToPath(new URL("../../../", import.meta.url))
/** The pages for users, by their names: not those about the code, and not what is made of comments. */
const pages = new Map(
  [
    "README.md",
    ...["docs", "docs/recipes"].flatMap((folder) =>
      fs.readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`)
    )
  ]
    .filter((name) => name.endsWith(".md"))
    .map((name) => [name, fs.readFileSync(path.join(root, name), "utf8")])
)
const commandsPage = pages.get("docs/commands.md") ?? ""
/** The rows of a table, cell by cell, without what makes them code. */
const rowsUnder = (header: string): ReadonlyArray<ReadonlyArray<string>> => {
  const [, table = ""] = commandsPage.split(`\n${header}\n`)
  return (
    table
      .split("\n\n")[0]
      ?.split("\n")
      .slice(1)
      .map((row) =>
        row
          .split(/(?<!\\)\|/u)
          .slice(1, -1)
          .map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|"))
      ) ?? []
  )
}

describe("the documentation", () => {
  it("lists the options of lb run, their values and their defaults", () => {
    const rows = rowsUnder("| option | default | |")
    const run = optionKeys.filter((key) => commands.find(({ name }) => name === "run")?.takes(key) === true)
    assert.deepStrictEqual(rows.map(([option]) => option).toSorted(), run.map(usageOf).toSorted())
    for (const key of run) {
      const { fallback, help, isSwitch } = optionTable[key]
      const [, stated] = rows.find(([option]) => option === usageOf(key)) ?? []
      const [, inWords] = /Default: (.+?)[.;,](?: |$)/u.exec(help) ?? []
      if (key === "userAgent") assert.include(stated, "name, version and address")
      else if (isSwitch || typeof fallback === "object") assert.strictEqual(stated, "", key)
      else assert.strictEqual(stated, String(fallback ?? inWords ?? ""), key)
    }
  })

  it("lists the commands, and what they take", () => {
    const rows = rowsUnder("| command | what it does |").map(([command = ""]) => command.split(" ")[1])
    assert.deepStrictEqual([...new Set(rows)].toSorted(), commands.map(({ name }) => name).toSorted())
  })

  it("names no option that there is not", () => {
    const switches = commands.flatMap(({ switches: all = {} }) => Object.keys(all).map((name) => `--${name}`))
    const others = new Set([
      ...switches,
      "--help",
      "--version",
      "--completions",
      "--filter",
      "--pack-destination",
      "--data-urlencode",
      "--repo-type",
      // Of the benchmarks.
      "--full",
      "--ratings"
    ])
    const known = new Set(optionKeys.map((key) => `--${flagOf(key)}`))
    for (const [name, text] of pages)
      for (const [, flag = ""] of text.matchAll(/(?<![\w-])(--[a-z][a-z-]+)/gu))
        assert.isTrue(known.has(flag) || others.has(flag), `${name}: ${flag}`)
  })

  it("has links that lead somewhere", () => {
    let links = 0
    for (const [name, text] of pages) {
      for (const [, href = ""] of text.matchAll(/(?:\]\(|src=")([^)"#]+)/gu)) {
        if (/^https?:/u.test(href)) continue
        links += 1
        assert.isTrue(fs.existsSync(path.join(root, path.dirname(name), href)), `${name}: ${href}`)
      }
    }
    assert.isAbove(links, 50)
  })

  it.effect("has command lines that are understood", () =>
    Effect.gen(function* () {
      let lines = 0
      for (const [name, text] of pages) {
        for (const [, block = ""] of text.matchAll(/^```(?:sh|ini)?\n(.*?)^```$/gmsu)) {
          for (const line of block.split("\n")) {
            const [, given] = /(?:^|pnpm(?:@[\d.]+)? |&& |=\/usr\/local\/bin\/)lb ([^#>|]*)/u.exec(line) ?? []
            if (given === undefined) continue
            const words = [...given.matchAll(/"([^"]*)"|(\S+)/gu)].map(([, quoted, word]) => quoted ?? word ?? "")
            lines += 1
            const read = yield* readCommandLine(commands, words)
            if (read._tag === "Wrong") assert.fail(`${name}: ${line}: ${read.sentence}`)
          }
        }
      }
      assert.isAbove(lines, 30)
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
