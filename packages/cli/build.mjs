/**
 * Bundles the command with everything it needs, from the workspace's sources: one file that starts quickly, and
 * parts that are read only when a plug-in is asked for.
 */
import { build } from "esbuild"
import { rm } from "node:fs/promises"

await rm("dist", { recursive: true, force: true })
await build({
  entryPoints: { lb: "src/bin.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  conditions: ["@letterboxd-ratings/source"],
  // Storages with a driver of their own are packages of their own, and may be absent.
  external: ["@letterboxd-ratings/storage-sqlite", "@letterboxd-ratings/storage-postgres"],
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: "linked",
  outExtension: { ".js": ".mjs" },
  // Some dependencies are CommonJS inside and ask for Node's own modules with `require`.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  logLevel: "warning"
})
