/**
 * Bundles the command with everything it needs, from the workspace's sources: one file that starts quickly, and
 * parts that are read only when a plug-in is asked for. The licenses of what is in it are put beside it, as they ask.
 */
import { build } from "esbuild"
import { readdir, readFile, rm, writeFile } from "node:fs/promises"
import { fromOwnModules } from "./FromOwnModules.mjs"

/**
 * @effect/cli can take options whose values are files in these formats. `lb` has none, and their parsers would be a tenth of
 * what each command loads.
 */
const withoutFileParsers = {
  name: "without-file-parsers",
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^(?:ini|toml|yaml)$/ }, ({ path }) => ({ path, namespace: "not-loaded" }))
    onLoad({ filter: /./, namespace: "not-loaded" }, ({ path }) => ({
      contents: `export const parse = () => { throw new Error("lb is built without the parser of ${path} files") }`
    }))
  }
}

await rm("dist", { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: { lb: "src/bin.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  conditions: ["@letterboxd-ratings/source"],
  // Storages with a driver of their own are packages of their own, and may be absent.
  external: [
    "@letterboxd-ratings/storage-parquet",
    "@letterboxd-ratings/storage-postgres",
    "@letterboxd-ratings/storage-sqlite"
  ],
  plugins: [fromOwnModules, withoutFileParsers],
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
  // For whoever looks for a fault; the package goes without them.
  sourcemap: "external",
  outExtension: { ".js": ".mjs" },
  // Some dependencies are CommonJS inside and ask for Node's own modules with `require`.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
  },
  logLevel: "warning"
})

const folders = new Set(
  Object.keys(metafile.inputs)
    .map((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/u.exec(file)?.[0])
    .filter((folder) => folder !== undefined)
)
const licenses = await Promise.all(
  [...folders].map(async (folder) => {
    const { license, name, version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"))
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/iu.test(one))
    const text = file === undefined ? "" : `\n${(await readFile(`${folder}/${file}`, "utf8")).trim()}\n`
    return `${name} ${version} (${license})\n${text}`
  })
)
await writeFile("dist/LICENSES.txt", licenses.toSorted().join(`\n${"-".repeat(80)}\n`))
