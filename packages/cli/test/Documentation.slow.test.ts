import { assert, describe, it } from "@effect/vitest"
import {
  exportName,
  exportZip,
  feedPage,
  generateWorld,
  harOf,
  originalFiles,
  responsesOf,
  Sandbox
} from "@letterboxd-ratings/fixtures"
import { DateTime, Effect } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll } from "vitest"
import { sample } from "../../../vitest.sample.ts"
import { bin } from "./Lb.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const sandboxBin = path.join(root, "fixtures/bin/lb-sandbox.mjs")

/** The people and the film of the documentation are among those of the sandbox. */
const names = ["davee", "anna", "member_1"]
const generated = generateWorld({ members: 25, mostFilms: 200, gone: [], private: [], renamed: [] })
const [first, ...others] = generated.members[3]?.films ?? []
const films: typeof others =
  first === undefined ? [] : [{ film: { ...first.film, slug: "parasite-2019" }, rating: 4 }, ...others]
/** All have the same list, so that something is left in a core. */
const world = {
  members: generated.members.map(({ state, username }, i) => {
    const name = names[i] ?? username
    return { username: name, displayName: name, state, films }
  })
}

const pages = ["README.md", ...fs.readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md")
)

/** Lines of a page that run the command, or a program that makes what the next line needs, in their order. */
const linesOf = (page: string): ReadonlyArray<string> =>
  [...fs.readFileSync(path.join(root, page), "utf8").matchAll(/^```sh\n(.*?)^```$/gmsu)]
    .flatMap(([, block = ""]) => block.split("\n"))
    .filter((line) => /(?:^|pnpm(?:@[\d.]+)? |[(] ?)(?:lb|sandbox) |\$\(lb |<\(lb /u.test(line))

/** Pages that begin with an empty folder. */
const beginsEmpty = new Set(["README.md", "docs/index.md"])
/** Pages about days, which only exports tell. */
const needsDays = new Set(["docs/exports.md", "docs/history.md"])
/** Lines that cannot be run here, and why. */
const notRun: ReadonlyArray<readonly [RegExp, string]> = [
  [/^lb page https:/u, "asks the real site"],
  [/^lb watch/u, "runs until Ctrl-C; Live.test.ts stops it"],
  [/^source <\(lb --completions zsh\)/u, "is for zsh, which is not everywhere"]
]

/** What pnpm, npx and lb mean for somebody in the repository. */
const shell = `
lb() { "$NODE" "$LB" "$@"; }
pnpm() { case "$1" in lb) shift; lb "$@";; sandbox) shift; "$NODE" "$SANDBOX" "$@";; *) echo "pnpm $*?" >&2; return 1;; esac; }
npx() { shift 2; pnpm "$@"; }
`

let site: { readonly url: string; readonly close: () => Promise<void> }
let base: string

const run = (line: string, cwd: string) =>
  new Promise<{ readonly code: number | null; readonly said: string }>((resolve) => {
    const isOfSandbox = line.includes("--source sandbox")
    const child = spawn("bash", ["-c", `${shell}\n${line}`], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: path.join(cwd, "home"),
        NODE: process.execPath,
        LB: bin,
        SANDBOX: sandboxBin,
        LB_RATE: "unlimited",
        LB_YES: "true",
        ...(isOfSandbox ? {} : { LB_BASE_URL: site.url })
      }
    })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()))
    child.on("close", (code) => resolve({ code, said }))
  })

beforeAll(async () => {
  let close = () => {}
  const closed = new Promise<void>((resolve) => (close = resolve))
  site = await new Promise((resolve) => {
    const served = Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(Sandbox.make({ world }), ({ url }) =>
          Effect.promise(() => {
            resolve({ url, close: () => (close(), served) })
            return closed
          })
        )
      )
    )
  })
  base = fs.mkdtempSync(path.join(os.tmpdir(), "lb-documentation-"))
  const [davee] = world.members
  if (davee === undefined) return
  const write = (name: string, content: string | Uint8Array) => {
    fs.mkdirSync(path.dirname(path.join(base, name)), { recursive: true })
    fs.writeFileSync(path.join(base, name), content)
  }
  write("home/.config/fish/completions/none.fish", "")
  const zip = await Effect.runPromise(exportZip(davee, { seed: 1 }))
  write("letterboxd-davee-2026-11-01-12-00-utc.zip", zip)
  write(`exports/${exportName(davee.username)}`, zip)
  const madeAt = DateTime.unsafeMake("2026-02-01T08:00:00Z")
  for (const [i, member] of world.members.entries()) {
    const dated = await Effect.runPromise(exportZip(member, { seed: i, madeAt }))
    write(`dated/${exportName(member.username, madeAt)}`, dated)
  }
  for (const [name, content] of Object.entries(originalFiles(world, "latest")))
    write(`path/to/your/data/${name}`, content)
  write("session.har", harOf(responsesOf(world)))
  write("davee.xml", feedPage(davee))
  write("names.txt", "anna\n")
  write("wikidata.csv", "slug,tmdb_id,imdb_id\nparasite-2019,496243,tt6751668\n")
  const page = responsesOf(world).find(({ url }) => url.endsWith("/davee/films/"))
  write("saved.html", String(page?.body ?? ""))
}, 60_000)

afterAll(async () => {
  await site.close()
  fs.rmSync(base, { recursive: true, force: true })
})

describe("the command lines of the documentation", () => {
  const withLines = pages.filter((page) => linesOf(page).length > 0)
  for (const page of sample("pages whose command lines are run", withLines, 4)) {
    const lines = linesOf(page)
    it(`${page}: each of ${lines.length} does what it is there for`, async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lb-page-"))
      try {
        fs.cpSync(base, folder, { recursive: true })
        if (beginsEmpty.has(page)) fs.rmSync(path.join(folder, "exports"), { recursive: true })
        else {
          const way = needsDays.has(page) ? "lb import dated" : "lb run --mode new --batches 3 --batch-size 5"
          const made = await run(way, folder)
          assert.strictEqual(made.code, 0, made.said)
        }
        for (const line of lines) {
          if (notRun.some(([pattern]) => pattern.test(line))) continue
          // A page that the run of the documentation kept because it could not be read.
          const [kept] = /data_output\/diagnostics\/\S+/u.exec(line) ?? []
          if (kept !== undefined) {
            fs.mkdirSync(path.dirname(path.join(folder, kept)), { recursive: true })
            fs.copyFileSync(path.join(folder, "saved.html"), path.join(folder, kept))
          }
          const { code, said } = await run(line, folder)
          assert.strictEqual(code, 0, `${line}\n${said}`)
          // The settings are an example, not for the lines below.
          fs.rmSync(path.join(folder, "lb.config.json"), { force: true })
        }
      } finally {
        fs.rmSync(folder, { recursive: true, force: true })
      }
    }, 120_000)
  }
})
