/**
 * The command that ends at one of its calls of the file system (see `DyingBin.ts`), as a file that can be run.
 */
import { build } from "esbuild"
import { fileURLToPath } from "node:url"

/** Makes the file; the caller removes it. Storages with a driver are looked for from where it stands. */
export const buildDyingBin = async (): Promise<string> => {
  const outfile = fileURLToPath(new URL(`../node_modules/.cache/dying-${process.pid}.mjs`, import.meta.url))
  await build({
    entryPoints: [fileURLToPath(new URL("DyingBin.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@letterboxd-ratings/source"],
    external: [
      "@letterboxd-ratings/storage-parquet",
      "@letterboxd-ratings/storage-postgres",
      "@letterboxd-ratings/storage-sqlite"
    ],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
    },
    logLevel: "error"
  })
  return outfile
}
