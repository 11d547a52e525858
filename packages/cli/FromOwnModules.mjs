/**
 * For the bundle of `lb`: imports each name from the module that declares it, not from the index of its package. esbuild
 * puts all that any command uses of an index into one chunk, which each command would load.
 */
import { readFile } from "node:fs/promises"
import * as path from "node:path"

/** The packages whose index does nothing but name what its modules export. */
const isIndexed = (name) =>
  name === "effect" || name === "@effect/platform" || /^@letterboxd-ratings\/[\w-]+$/u.test(name)

/** `a`, `type B` and `c as d` of a list in braces. */
const namesIn = (list) =>
  list
    .split(",")
    .map((word) => /^(type )?([\w$]+)(?: as ([\w$]+))?$/u.exec(word.trim()))
    .filter((match) => match !== null)
    .map(([, isType, name, as = name]) => ({ isType: isType !== undefined, name, as }))

/** Where each name of an index comes from: the module and the name there, or the whole module as a namespace. */
const exportsOf = async (index) => {
  const text = await readFile(index, "utf8")
  const found = new Map()
  for (const [, as, module] of text.matchAll(/^export \* as (\w+) from "(\.[^"]+)"/gmu))
    found.set(as, { module: path.join(path.dirname(index), module), name: "*" })
  for (const [, list, module] of text.matchAll(/^export \{([^}]*)\} from "(\.[^"]+)"/gmu))
    for (const { as, name } of namesIn(list)) found.set(as, { module: path.join(path.dirname(index), module), name })
  return found
}

export const fromOwnModules = {
  name: "from-own-modules",
  setup: ({ onLoad, resolve }) => {
    const indexes = new Map()
    const exportsFrom = async (name, resolveDir) => {
      const { path: index, external } = await resolve(name, { kind: "import-statement", resolveDir })
      if (external) return new Map()
      if (!indexes.has(index)) indexes.set(index, exportsOf(index))
      return indexes.get(index)
    }
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, "utf8")
      let contents = ""
      let end = 0
      for (const match of text.matchAll(/^import \{([^}]*)\} from "([^"]+)"/gmu)) {
        const [whole, list, from] = match
        if (!isIndexed(from)) continue
        const known = await exportsFrom(from, path.dirname(file))
        const imports = namesIn(list)
          .filter(({ isType }) => !isType)
          .map(({ as, name }) => {
            const { module, name: there } = known.get(name) ?? { module: from, name }
            return `import ${there === "*" ? `* as ${as}` : `{ ${there} as ${as} }`} from ${JSON.stringify(module)}`
          })
        // As many lines as before, for the source maps.
        contents += text.slice(end, match.index) + imports.join("; ") + whole.replaceAll(/[^\n]/gu, "")
        end = match.index + whole.length
      }
      return { contents: contents + text.slice(end), loader: "ts" }
    })
  }
}
