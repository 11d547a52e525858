/**
 * Small sites that were once misread, each served as it was found. They are not part of this repository.
 */
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { createServer } from "node:net"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { inEmptyFolder, lb, rowsOf } from "./Lb.ts"

const cases = fileURLToPath(new URL("../../../../shared/cases", import.meta.url))
const isThere = fs.existsSync(path.join(cases, "serve.mjs"))
const described = isThere ? describe : describe.skip
if (!isThere) process.stderr.write(`Cases.test.ts is skipped: ${cases} is not there.\n`)

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))
      )
    })
  })

const answers = async (url: string): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    const isUp = await fetch(url).then(
      () => true,
      () => false
    )
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${url} does not answer`)
}

interface Site {
  /** Runs `lb` against the site. */
  readonly lb: (...args: ReadonlyArray<string>) => ReturnType<typeof lb>
  readonly rows: () => ReadonlyArray<string>
  readonly members: () => Promise<Readonly<Record<string, number>>>
  /** The addresses that were asked for so far. */
  readonly asked: () => ReadonlyArray<string>
}

const withCase =
  (folder: string, name: string) =>
  async (test: (site: Site) => Promise<void>): Promise<void> => {
    const port = await freePort()
    const log = path.join(folder, `${name}.log`)
    fs.writeFileSync(log, "")
    const server = spawn(
      process.execPath,
      [path.join(cases, "serve.mjs"), String(port), path.join(cases, `${name}.routes.json`), log],
      { stdio: "ignore" }
    )
    try {
      await answers(`http://127.0.0.1:${port}/up`)
      fs.writeFileSync(log, "")
      const data = path.join(folder, "data_output")
      await test({
        lb: (command, ...args) =>
          lb(folder, [
            command ?? "",
            ...args,
            "--base-url",
            `http://127.0.0.1:${port}`,
            "--rate",
            "unlimited",
            "--max-retries",
            "1"
          ]),
        rows: () => rowsOf(data, "latest_raw_user_ratings.csv"),
        members: async () => {
          const { out } = await lb(folder, ["status", "--json"])
          const { gone, partial, private: hidden, renamed, sealed }: Record<string, number> = JSON.parse(out)
          return {
            sealed: sealed ?? -1,
            partial: partial ?? -1,
            gone: gone ?? -1,
            private: hidden ?? -1,
            renamed: renamed ?? -1
          }
        },
        asked: () =>
          fs
            .readFileSync(log, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => line.split(" ")[1] ?? "")
      })
    } finally {
      server.kill()
    }
  }

const none = { sealed: 0, partial: 0, gone: 0, private: 0, renamed: 0 }

described("a site that was once misread", () => {
  it(
    "F1a: one item of a full page stands in another wrapper, and no total is stated",
    inEmptyFolder(async (folder) => {
      await withCase(
        folder,
        "F1a-nonlast-page-71-of-72"
      )(async (site) => {
        const { code, out } = await site.lb("run", "--mode", "new")
        assert.strictEqual(code, 0, out)
        assert.deepStrictEqual(await site.members(), { ...none, sealed: 1 })
        assert.strictEqual(site.rows().length, 72 + 9)
      })
    })
  )

  it(
    "F1b: three of four items stand in another wrapper",
    inEmptyFolder(async (folder) => {
      await withCase(
        folder,
        "F1b-3-of-4-items-other-wrapper"
      )(async (site) => {
        const { code, out } = await site.lb("run", "--mode", "new")
        assert.strictEqual(code, 0, out)
        assert.deepStrictEqual(site.rows(), ["1,100,0.5", "1,101,1.0", "1,102,1.5", "1,103,2.0"])
      })
    })
  )

  it(
    "F2: posters in the sidebar have the item's class",
    inEmptyFolder(async (folder) => {
      await withCase(
        folder,
        "F2-sidebar-posters-counted"
      )(async (site) => {
        const { code, out } = await site.lb("run", "--mode", "new")
        assert.strictEqual(code, 0, out)
        assert.deepStrictEqual(site.rows(), ["1,100,0.5", "1,101,1.0"])
      })
    })
  )

  it(
    "F3: one tile of a short list cannot be read, and the next members are read",
    inEmptyFolder(async (folder) => {
      await withCase(
        folder,
        "F3-one-odd-film-short-list"
      )(async (site) => {
        const { code, out } = await site.lb("run", "--mode", "new")
        assert.strictEqual(code, 2, out)
        assert.include(out, "Partial: mem_a")
        assert.deepStrictEqual(await site.members(), { ...none, sealed: 2, partial: 1 })
        assert.include(site.rows(), "1,300,0.5")
        assert.isAbove(fs.readdirSync(path.join(folder, "data_output", "diagnostics")).length, 0)
        const skipped = await site.lb("run", "--mode", "continue", "--skip", "mem_a")
        assert.strictEqual(skipped.code, 0, skipped.out + skipped.err)
        assert.include(skipped.out, "Skipped: mem_a.")
      })
    })
  )

  it(
    "F4: the page of a private member words it otherwise",
    inEmptyFolder(async (folder) => {
      await withCase(
        folder,
        "F4-private-page-wording"
      )(async (site) => {
        const { code, out } = await site.lb("run", "--mode", "new")
        assert.strictEqual(code, 0, out)
        assert.deepStrictEqual(await site.members(), { ...none, sealed: 2, private: 1 })
      })
    })
  )

  it(
    "F5: page 2 of one member is refused, and the next runs read the others",
    inEmptyFolder(async (folder) => {
      await withCase(
        folder,
        "F5-page2-refused-no-growth"
      )(async (site) => {
        const first = await site.lb("run", "--mode", "new")
        assert.strictEqual(first.code, 3, first.out)
        const second = await site.lb("run", "--mode", "continue")
        assert.strictEqual(second.code, 3, second.out)
        assert.deepStrictEqual(await site.members(), { ...none, sealed: 6, partial: 1 })
        assert.include(second.out, "Partial in the dataset: 1 member (1 because the site refused a page)")
        // What was refused is asked for once in a run, after everybody else.
        const asked = site.asked()
        assert.isAbove(asked.lastIndexOf("/big_one/films/page/2/"), asked.lastIndexOf("/sing_f/films/"))
      })
    })
  )

  it(
    "F8: a member has another name after being read",
    inEmptyFolder(async (folder) => {
      await withCase(
        folder,
        "F8-rename-before"
      )(async (site) => {
        assert.strictEqual((await site.lb("run", "--mode", "new")).code, 0)
        assert.strictEqual(site.rows().length, 8)
      })
      await withCase(
        folder,
        "F8-rename-after"
      )(async (site) => {
        const { code, out } = await site.lb("run", "--mode", "continue")
        assert.strictEqual(code, 0, out)
        assert.deepStrictEqual(await site.members(), { ...none, sealed: 3, renamed: 1 })
        // The member keeps its number, 1; the old name gets one of its own, without rows.
        assert.deepStrictEqual(
          site
            .rows()
            .map((row) => row.split(",")[0])
            .sort()
            .join(""),
          "111111222333"
        )
        assert.strictEqual((await lb(folder, ["verify"])).code, 0)
      })
    })
  )

  it(
    "F9: robots.txt is answered with a bot wall",
    inEmptyFolder(async (folder) => {
      await withCase(
        folder,
        "F9-robots-200-challenge"
      )(async (site) => {
        const { code, err, out } = await site.lb("run", "--mode", "new")
        assert.strictEqual(code, 3, out + err)
        assert.deepStrictEqual([...new Set(site.asked())], ["/robots.txt"])
      })
    })
  )
})

described("a folder that was once misread", () => {
  it(
    "F7: files of the original tool without a prefix are taken over",
    inEmptyFolder(async (folder) => {
      fs.cpSync(path.join(cases, "F7-unprefixed-original"), path.join(folder, "data_output"), { recursive: true })
      const { code, err, out } = await lb(folder, [
        "run",
        "--mode",
        "continue",
        "--source",
        "sandbox",
        "--batches",
        "1",
        "--batch-size",
        "1"
      ])
      assert.strictEqual(code, 0, out + err)
      assert.strictEqual(rowsOf(path.join(folder, "data_output"), "latest_raw_user_ratings.csv")[0], "1,464735,1.5")
    })
  )
})
