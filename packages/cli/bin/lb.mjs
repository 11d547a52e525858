#!/usr/bin/env node
import { existsSync } from "node:fs"

const main = new URL("../dist/lb.mjs", import.meta.url)
if (existsSync(main)) {
  await import(main.href)
} else {
  process.stderr.write("lb is not built yet. Run `pnpm build` once.\n")
  process.exitCode = 1
}
