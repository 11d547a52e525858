/**
 * The command as a user starts it: the built one as a child process, or the same command in the process of the tests.
 */
import { NodeContext } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { isFull } from "../../../vitest.sample.ts"
import { codeOf, commandOf } from "../src/Main.ts"
import { Environment } from "../src/Environment.ts"
import { Screen } from "../src/Screen.ts"

export const bin = fileURLToPath(new URL("../bin/lb.mjs", import.meta.url))
if (!fs.existsSync(fileURLToPath(new URL("../dist/lb.mjs", import.meta.url)))) {
  throw new Error("These tests run the built command. Run `pnpm build` first.")
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Started {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** What has been said on stderr so far. */
  readonly said: () => string
}

export const start = (
  cwd: string,
  args: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>> = {},
  program = bin
): Started => {
  const process_ = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: process.env["PATH"], ...variables },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let out = ""
  let err = ""
  process_.stdout.on("data", (data: Buffer) => {
    out += data.toString("utf8")
  })
  process_.stderr.on("data", (data: Buffer) => {
    err += data.toString("utf8")
  })
  const ended = new Promise<Ended>((resolve) => {
    process_.on("close", (code, signal) => resolve({ code, signal, out, err }))
  })
  return { process: process_, ended, said: () => err }
}

/** The address of the live page that a command wrote to stderr. */
export const addressOf = ({ process: { stderr }, said }: Started): Promise<string> =>
  new Promise((resolve, reject) => {
    const look = () => {
      const [address] = /http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\//u.exec(said()) ?? []
      if (address !== undefined) resolve(address)
    }
    stderr?.on("data", look)
    stderr?.on("close", () => reject(new Error(`there is no address in ${said()}`)))
    look()
  })

/** Runs the built command as a process to its end. */
export const lbProcess = (
  cwd: string,
  args: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>> = {}
): Promise<Ended> => start(cwd, args, variables).ended

/** Runs the command in this process, which is in the folder for as long. */
const lbHere = async (
  cwd: string,
  args: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>>
): Promise<Ended> => {
  let out = ""
  let err = ""
  const screen = Screen.of({
    out: (text) =>
      Effect.sync(() => {
        out += text
      }),
    err: (text) =>
      Effect.sync(() => {
        err += text
      }),
    width: Effect.succeed(80),
    ask: () => Effect.succeed(false),
    answer: (_, fallback) => Effect.succeed(fallback),
    columns: Effect.succeed(undefined)
  })
  const services = Layer.mergeAll(
    NodeContext.layer,
    Layer.succeed(Screen, screen),
    Layer.succeed(Environment, Environment.of({ variables }))
  )
  const before = process.cwd()
  process.chdir(cwd)
  try {
    const exit = await Effect.runPromiseExit(Effect.provide(commandOf(args), services))
    return { code: codeOf(exit), signal: null, out, err }
  } finally {
    process.chdir(before)
  }
}

let isBusy = false

/**
 * Runs the command to its end. In a full test run it is always the built one, as a process. Otherwise it runs in this process,
 * which takes a fifth of the time, and as a process while another one runs here.
 */
export const lb = async (
  cwd: string,
  args: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>> = {}
): Promise<Ended> => {
  if (isFull || isBusy) return lbProcess(cwd, args, variables)
  isBusy = true
  try {
    return await lbHere(cwd, args, variables)
  } finally {
    isBusy = false
  }
}

/** Runs a test in an empty folder that is removed afterwards. */
export const inEmptyFolder = (test: (folder: string) => Promise<void>) => async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-"))
  try {
    await test(folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

export const filesIn = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    fs
      .readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => !fs.statSync(path.join(folder, name)).isDirectory())
      .toSorted()
      .map((name) => [name, fs.readFileSync(path.join(folder, name), "utf8")])
  )

export const rowsOf = (folder: string, name: string): ReadonlyArray<string> =>
  fs.readFileSync(path.join(folder, name), "utf8").trimEnd().split("\n").slice(1)

export const sixFiles = [
  "latest_film_mappings.csv",
  "latest_raw_user_ratings.csv",
  "latest_translated_user_ratings.csv",
  "latest_user_mappings.csv",
  "latest_user_updates.csv",
  "manifest.json"
]
