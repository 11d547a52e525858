/**
 * Packs every public package as it would be published and looks at what users would get: the files in it, what its
 * package.json promises, whether Node and TypeScript can import it with nothing but its own dependencies, and what
 * publint and attw say. Build first.
 */
import { execFile, execFileSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { homedir, tmpdir } from "node:os"
import { dirname, join, posix, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { publint } from "publint"
import { formatMessage } from "publint/utils"

const startedAt = Date.now()
const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/u, "")
const repository = "https://github.com/letterboxd-ratings/letterboxd-ratings"
const tool = (name) => join(root, "node_modules/.bin", name)
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"))
const workspace = JSON.parse(
  execFileSync("pnpm", ["list", "--recursive", "--depth", "-1", "--json"], { cwd: root, encoding: "utf8" })
)
const published = workspace.filter((one) => one.private !== true)

const problems = []
const expect = (holds, name, problem) => {
  if (!holds) problems.push(`${name}: ${problem}`)
}

/** Ends of a process that is waited for beside others: what it said, and whether it succeeded. */
const run = (command, args, cwd) =>
  new Promise((resolve) => {
    execFile(command, args, { cwd, encoding: "utf8" }, (error, out, err) =>
      resolve({ succeeded: error === null, said: `${out}${err}`.trim() })
    )
  })

const filesIn = (folder, place = "") =>
  readdirSync(join(folder, place), { withFileTypes: true }).flatMap((entry) => {
    const name = posix.join(place, entry.name)
    return entry.isDirectory() ? filesIn(folder, name) : [name]
  })

const pathsIn = (value) => (typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(pathsIn))

const mayBePublished =
  /^(?:LICENSE|README\.md|CHANGELOG\.md|package\.json|bin\/[\w-]+\.mjs|dist\/LICENSES\.txt|dist\/(?:[\w-]+\/)*[\w-]+\.(?:m?js|m?js\.map|d\.ts)|src\/(?:[\w-]+\/)*[\w-]+(?:\.ts|\.worker\.mjs))$/u

const checkFiles = ({ files, folder, name }) => {
  for (const file of ["LICENSE", "README.md", "package.json"]) expect(files.includes(file), name, `${file} is missing`)
  for (const file of files) {
    expect(mayBePublished.test(file), name, `${file} does not belong into a package`)
    const text = readFileSync(join(folder, file), "utf8")
    for (const place of [root, homedir()]) {
      expect(!text.includes(`${place}/`), name, `${file} names a folder of this machine`)
    }
    const map = /^\/\/# sourceMappingURL=(?<map>\S+)$/mu.exec(text)?.groups?.map
    expect(
      map === undefined || files.includes(posix.join(posix.dirname(file), map)),
      name,
      `${file} has a source map that is not there`
    )
    if (file.endsWith(".map")) {
      const { sources, sourcesContent } = JSON.parse(text)
      for (const [i, source] of sources.entries()) {
        expect(
          typeof sourcesContent?.[i] === "string" || files.includes(posix.join(posix.dirname(file), source)),
          name,
          `${file} is about ${source}, which is not there`
        )
      }
    }
  }
  if (files.includes("LICENSE")) {
    expect(
      readFileSync(join(folder, "LICENSE"), "utf8") === readFileSync(join(root, "LICENSE"), "utf8"),
      name,
      "LICENSE is not the repository's"
    )
  }
}

const checkReadme = ({ folder, manifest, name }) => {
  const text = readFileSync(join(folder, "README.md"), "utf8")
  const wanted = [name, "npm install", ...(manifest.exports === undefined ? [] : [`${repository}/blob/main/docs/api/`])]
  for (const words of wanted) expect(text.includes(words), name, `README.md does not say "${words}"`)
}

const checkManifest = ({ files, folder, manifest, name, path }) => {
  const directory = relative(root, path)
  const text = JSON.stringify(manifest)
  for (const words of ["workspace:", "catalog:", "link:", "file:", "@letterboxd-ratings/source"]) {
    expect(!text.includes(words), name, `package.json says ${words}, which means nothing to users`)
  }
  for (const key of ["description", "keywords", "license", "engines", "files"])
    expect(manifest[key] !== undefined, name, `package.json has no ${key}`)
  expect(
    manifest.repository?.url === `git+${repository}.git` && manifest.repository.directory === directory,
    name,
    "repository is wrong"
  )
  expect(manifest.homepage === `${repository}/tree/main/${directory}#readme`, name, "homepage is wrong")
  expect(
    manifest.publishConfig?.access === "public" && manifest.publishConfig.provenance === true,
    name,
    "publishConfig lacks access or provenance"
  )
  for (const script of ["preinstall", "install", "postinstall", "prepare"])
    expect(manifest.scripts?.[script] === undefined, name, `runs ${script} at its users`)
  for (const [peer, range] of Object.entries(manifest.peerDependencies ?? {})) {
    expect(/^[\^~>]/u.test(range), name, `forces ${peer} ${range} on its users`)
    expect(manifest.dependencies?.[peer] === undefined, name, `${peer} is a peer and a dependency`)
  }
  for (const file of [...pathsIn(manifest.exports), ...pathsIn(manifest.bin)].map((one) => posix.normalize(one))) {
    expect(files.includes(file), name, `promises ${file}, which is not there`)
  }
  for (const file of pathsIn(manifest.bin).filter((one) => existsSync(join(folder, one)))) {
    expect(
      readFileSync(join(folder, file), "utf8").startsWith("#!/usr/bin/env node\n"),
      name,
      `${file} does not begin with #!`
    )
    expect((statSync(join(folder, file)).mode & 0o111) === 0o111, name, `${file} cannot be executed`)
  }
}

const nestedIn = (place, name) => join(place, "node_modules", name)

/** Gives a package what its package.json asks for, and nothing else that happens to be in this repository. */
const install = ({ manifest, path, place }, packages) => {
  for (const name of Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies
  })) {
    const sibling = packages.find((one) => one.name === name)
    const target = nestedIn(place, name)
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(sibling === undefined ? realpathSync(nestedIn(path, name)) : sibling.folder, target)
  }
}

const importsOf = ({ manifest, name }) =>
  Object.entries(manifest.exports ?? {})
    .filter(([, target]) => typeof target === "object")
    .map(([key]) => posix.join(name, key))

/** The programs that a README shows whole. What one takes from its own folder stands nowhere. */
const programsIn = (readme) =>
  [...readFileSync(readme, "utf8").matchAll(/^```ts\n(?<program>.*?)^```$/gmsu)]
    .map(({ groups }) => groups.program)
    .filter((program) => !program.includes('from "./'))

const writeProgram = (folder, name, program) => {
  const file = join(folder, name)
  writeFileSync(file, `${program}\nexport {}\n`)
  return file
}

const checkUse = async (packages, place) => {
  // Without @types/node and with declarations checked: what TypeScript would complain about in a user's program.
  const programs = packages
    .filter((one) => importsOf(one).length > 0)
    .flatMap((one) => {
      const everything = importsOf(one)
        .map((from) => `export type * from "${from}"`)
        .join("\n")
      return [everything, ...programsIn(join(one.folder, "README.md"))].map((program, i) =>
        writeProgram(one.place, i === 0 ? "everything.mts" : `readme-${i}.mts`, program)
      )
    })
  // docs/library.md is for somebody who has all packages and the platform of Node.
  const reader = {
    manifest: {
      dependencies: Object.fromEntries(
        [...packages.map(({ name }) => name), "effect", "@effect/platform", "@effect/platform-node"].map((name) => [
          name,
          ""
        ])
      )
    },
    path: join(root, "packages/cli"),
    place: join(place, "reader")
  }
  install(reader, packages)
  const page = programsIn(join(root, "docs/library.md"))
  expect(page.length > 0, "docs/library.md", "there is no program in it")
  programs.push(...page.map((program, i) => writeProgram(reader.place, `library-${i + 1}.mts`, program)))
  writeFileSync(
    join(place, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        module: "NodeNext",
        target: "ES2022",
        lib: ["ES2023", "DOM"],
        types: [],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true
      },
      files: programs
    })
  )
  const types = run(tool("tsc"), ["-p", "tsconfig.json", "--skipLibCheck", "false", "--pretty", "false"], place).then(
    ({ said, succeeded }) => {
      const errors = said.split("\n").filter((line) => line.includes("error TS"))
      // What others' declarations are like is theirs to mend.
      const ours = errors.filter((line) => !line.includes("/.pnpm/"))
      expect(succeeded || (errors.length > 0 && ours.length === 0), "types", ours.join("\n") || said)
    }
  )
  const imported = packages.map(async (one) => {
    // vitest can be imported by vitest alone.
    if (one.manifest.peerDependencies?.vitest !== undefined) return
    for (const from of importsOf(one)) {
      const { said, succeeded } = await run(
        process.execPath,
        ["--input-type=module", "--eval", `await import("${from}")`],
        one.place
      )
      expect(succeeded, one.name, `Node cannot import ${from}: ${said}`)
    }
  })
  const commands = packages.flatMap((one) =>
    pathsIn(one.manifest.bin).map(async (file) => {
      const { said, succeeded } = await run(process.execPath, [join(one.folder, file), "--help"], one.place)
      expect(succeeded && said !== "", one.name, `${file} --help fails: ${said}`)
    })
  )
  await Promise.all([types, ...imported, ...commands])
}

const checkWithPublint = async ({ folder, manifest, name }) => {
  const { messages } = await publint({ pkgDir: folder, pack: false, strict: true })
  for (const message of messages) problems.push(`${name}: publint: ${formatMessage(message, manifest)}`)
}

const checkWithAttw = async ({ manifest, name, tarball }) => {
  if (manifest.exports === undefined) return
  const { said, succeeded } = await run(
    tool("attw"),
    [tarball, "--profile", "esm-only", "--format", "table-flipped", "--no-emoji", "--no-color"],
    root
  )
  expect(succeeded && !said.includes("does not contain types"), name, `attw: ${said}`)
}

const place = realpathSync(mkdtempSync(join(tmpdir(), "packages-")))
try {
  const versions = new Set(published.map(({ version }) => version))
  expect(versions.size === 1, "all", `have different versions: ${[...versions].join(", ")}`)
  execFileSync(
    "pnpm",
    ["--recursive", ...published.flatMap(({ name }) => ["--filter", name]), "pack", "--pack-destination", place],
    { cwd: root }
  )
  const packages = published.map(({ name, path, version }) => {
    const tarball = join(place, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`)
    const home = join(place, name.split("/").at(-1))
    const folder = nestedIn(home, name)
    mkdirSync(folder, { recursive: true })
    execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", folder])
    return {
      name,
      path,
      tarball,
      place: home,
      folder,
      files: filesIn(folder),
      manifest: readJson(join(folder, "package.json"))
    }
  })
  for (const one of packages) {
    checkFiles(one)
    checkReadme(one)
    checkManifest(one)
  }
  for (const one of packages) install(one, packages)
  await checkUse(packages, place)
  await Promise.all(packages.map(checkWithPublint))
  const waiting = [...packages]
  const attwInTurn = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await checkWithAttw(one)
  }
  await Promise.all([attwInTurn(), attwInTurn()])
  for (const { files, name, tarball } of packages) {
    process.stdout.write(`${name}: ${files.length} files, ${Math.ceil(statSync(tarball).size / 1000)} kB packed\n`)
  }
} finally {
  rmSync(place, { recursive: true, force: true })
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(
  `${published.length} packages, ${problems.length} problems, ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`
)
process.exitCode = problems.length === 0 ? 0 : 1
