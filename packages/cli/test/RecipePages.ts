/**
 * The pages of `docs/recipes` and the programs in them, to be run as a reader does.
 */
import { assert } from "@effect/vitest"
import { DuckDBInstance } from "@duckdb/node-api"
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { lb } from "./Lb.ts"

export const recipesFolder = fileURLToPath(new URL("../../../docs/recipes/", import.meta.url))

/** Packages of npm that a recipe needs. `.ci/recipes.sh` installs them. */
export const npmModules = fileURLToPath(new URL("../../../.ci/recipes/node_modules/", import.meta.url))

export interface Block {
  readonly language: string
  readonly text: string
  /** The program that the paragraph above the block names. */
  readonly program: string | undefined
}

export const textOf = (page: string): string => fs.readFileSync(path.join(recipesFolder, page), "utf8")

export const blocksOf = (page: string): ReadonlyArray<Block> => {
  let before = 0
  const text = textOf(page)
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gmsu)].map(({ 0: all, 1: language = "", 2: block = "", index }) => {
    const program = [...text.slice(before, index).matchAll(/`([\w-]+\.(?:py|mjs))`/gu)].at(-1)?.[1]
    before = index + all.length
    return { language, text: block, program }
  })
}

/** The modules that the programs of a page need. */
export const modulesOf = (page: string): ReadonlyArray<string> => [
  ...new Set(
    blocksOf(page).flatMap(({ language, text }) =>
      language === "python" ? [...text.matchAll(/^(?:import|from) (\w+)/gmu)].map(([, name = ""]) => name) : []
    )
  )
]

/** Finds modules without loading them, which takes some of them seconds. */
const hasAll = "import sys; from importlib.util import find_spec; sys.exit(not all(map(find_spec, sys.argv[1:])))"

/** A Python that has the modules, or why there is none. */
export const pythonFor = (
  modules: ReadonlyArray<string>
): { readonly python: string; readonly absent?: never } | { readonly python?: never; readonly absent: string } => {
  const python = ["python3", "/usr/bin/python3"].find((one) => spawnSync(one, ["-c", hasAll, ...modules]).status === 0)
  return python === undefined ? { absent: `no python3 here has ${modules.join(", ")}` } : { python }
}

const inShell = (line: string, cwd: string, python: string) =>
  new Promise<string>((resolve, reject) => {
    const child = spawn("bash", ["-c", `python3() { command "$PYTHON" "$@"; }\nnode() { "$NODE" "$@"; }\n${line}`], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], HOME: cwd, NODE: process.execPath, PYTHON: python, PYTHONUTF8: "1" }
    })
    const said: Array<Buffer> = []
    const complaints: Array<Buffer> = []
    child.stdout.on("data", (data: Buffer) => said.push(data))
    child.stderr.on("data", (data: Buffer) => complaints.push(data))
    child.on("error", reject)
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(said).toString("utf8"))
      else reject(new Error(`${line}: exit code ${code}\n${Buffer.concat(complaints).toString("utf8")}`))
    })
  })

/** Runs a line of a page: `lb` as the other tests do, which is faster, and the rest in a shell. */
export const runLine = async (line: string, folder: string, python = "python3"): Promise<string> => {
  const [, given] = /^lb (.*)$/u.exec(line) ?? []
  if (given === undefined) return inShell(line, folder, python)
  const words = [...given.matchAll(/"([^"]*)"|(\S+)/gu)].map(([, quoted, word]) => quoted ?? word ?? "")
  const { code, err, out } = await lb(folder, words)
  assert.strictEqual(code, 0, `${line}\n${err}`)
  return out
}

/** The rows of a query that reads files of the folder, as DuckDB's shell prints them in its mode `list`. */
export const runQuery = async (query: string, folder: string): Promise<string> => {
  const instance = await DuckDBInstance.create(":memory:")
  try {
    const connection = await instance.connect()
    try {
      await connection.run(`set file_search_path = '${folder.replaceAll("'", "''")}'`)
      const result = await connection.runAndReadAll(query)
      return [result.columnNames(), ...result.getRows()].map((row) => `${row.map(String).join("|")}\n`).join("")
    } finally {
      connection.closeSync()
    }
  } finally {
    instance.closeSync()
  }
}

/** Does what a page says, in a folder with the dataset, and gives what each block of text should be, and is. */
export const runPage = async (
  page: string,
  folder: string,
  python?: string
): Promise<ReadonlyArray<{ readonly stated: string; readonly printed: string }>> => {
  const texts: Array<{ readonly stated: string; readonly printed: string }> = []
  let printed = ""
  for (const { language, program, text } of blocksOf(page)) {
    if (language === "text") texts.push({ stated: text, printed })
    else if (language === "sql") printed = await runQuery(text, folder)
    else if (language === "sh") {
      printed = ""
      for (const line of text.trimEnd().split("\n")) {
        const out = await runLine(line, folder, python)
        // What an export says is on the screen too, but not what the page is about.
        if (!line.startsWith("lb export ")) printed += out
      }
    } else {
      assert.include(["python", "js"], language, `${page}: a block of ${language} is run by nothing`)
      assert(program !== undefined, `${page}: the text above a program names its file`)
      fs.writeFileSync(path.join(folder, program), text)
    }
  }
  return texts
}
