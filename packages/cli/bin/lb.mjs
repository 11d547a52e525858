#!/usr/bin/env node
import { existsSync } from "node:fs"
import * as module from "node:module"

// Loading takes a moment, in which a signal would end the process without a word. The command replaces these listeners.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    process.stderr.write("Interrupted. Nothing was changed.\n")
    process.exit(130)
  })
}

// From Node 22 on, the compiled code is kept for the next start, in a folder that NODE_COMPILE_CACHE names, or a temporary one.
module.enableCompileCache?.()

const main = new URL("../dist/lb.mjs", import.meta.url)
if (existsSync(main)) {
  await import(main.href)
} else {
  process.stderr.write("lb is not built yet. Run `pnpm build` once.\n")
  process.exitCode = 1
}
