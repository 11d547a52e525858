/**
 * Packs public packages as they would be published, for a folder outside of the repository.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** The environment without the settings of this repository, which pnpm hands down in variables. */
export const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/iu.test(name)))

const publicPackages = () =>
  ["fixtures", ...readdirSync("packages").map((name) => join("packages", name))]
    .map((path) => JSON.parse(readFileSync(join(path, "package.json"), "utf8")))
    .filter((one) => one.private !== true)
    .map(({ name }) => name)

/** The tarballs in `folder` by the names of their packages, written as dependencies are. */
export const packed = (folder, names = publicPackages()) => {
  const filters = names.flatMap((name) => ["--filter", name])
  const said = execFileSync("pnpm", ["--recursive", ...filters, "pack", "--json", "--pack-destination", folder], {
    encoding: "utf8"
  })
  return Object.fromEntries([JSON.parse(said)].flat().map(({ filename, name }) => [name, `file:${filename}`]))
}
