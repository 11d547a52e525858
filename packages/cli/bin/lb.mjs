#!/usr/bin/env node
import { existsSync } from "node:fs"

// Loading takes a moment, in which a signal would end the process without a word. The command replaces these listeners.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    process.stderr.write("Interrupted. Nothing was changed.\n")
    process.exit(130)
  })
}

const main = new URL("../dist/lb.mjs", import.meta.url)
if (existsSync(main)) {
  await import(main.href)
} else {
  process.stderr.write("lb is not built yet. Run `pnpm build` once.\n")
  process.exitCode = 1
}
