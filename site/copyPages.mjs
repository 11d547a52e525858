/** Pages outside the site's folder cannot import what it has installed, so they are copied into it. */
import { cpSync, rmSync } from "node:fs"

rmSync("pages", { recursive: true, force: true })
cpSync("../docs", "pages", {
  recursive: true,
  filter: (source) => !/node_modules|\.turbo|\.(?:mjs|json)$/u.test(source)
})
