/**
 * How `docs/api` is made of the comments: every public package that can be imported, one file each and one for each
 * module in it. Nothing in it may change unless an API or a comment does: no versions, dates, commits, line numbers.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"

const root = new URL("..", import.meta.url)
const folders = ["fixtures", ...readdirSync(new URL("packages", root)).map((name) => `packages/${name}`)].filter(
  (folder) => {
    const manifest = new URL(`${folder}/package.json`, root)
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).exports?.["."] !== undefined
  }
)

/** @type {import("typedoc").TypeDocOptions & import("typedoc-plugin-markdown").PluginOptions} */
export default {
  entryPoints: folders.map((folder) => `../${folder}/src/index.ts`),
  tsconfig: "tsconfig.json",
  // `pnpm typecheck` finds errors; it takes half the time here without.
  skipErrorChecking: true,
  out: "api",
  plugin: ["typedoc-plugin-markdown", "./packagePages.mjs"],
  validation: { notDocumented: false, notExported: false, invalidLink: true },
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  name: "API",
  readme: "none",
  disableGit: true,
  disableSources: true,
  includeVersion: false,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  sort: ["alphabetical"],
  outputFileStrategy: "modules",
  flattenOutputFiles: true,
  excludeScopesInPaths: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  classPropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  typeDeclarationFormat: "table",
  propertyMembersFormat: "table",
  tableColumnSettings: {
    hideInherited: true,
    hideOverrides: true,
    hideSources: true,
    hideModifiers: true,
    hideDefaults: true
  }
}
