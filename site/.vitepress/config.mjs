/**
 * The site of `docs/`. Its pages can be read on GitHub as they are; this adds a menu, a search and a theme.
 */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitepress"

const repository = "https://github.com/letterboxd-ratings/letterboxd-ratings"
const docs = fileURLToPath(new URL("../../docs/", import.meta.url))

/** The title of a page is its first heading. */
const titleOf = (page) => /^# (.+)$/mu.exec(readFileSync(`${docs}${page}`, "utf8"))?.[1] ?? page

const item = (page) => ({ text: titleOf(page), link: `/${page.replace(/\.md$/u, "")}` })
const pagesIn = (folder) =>
  readdirSync(`${docs}${folder}`)
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .toSorted()
    .map((name) => item(`${folder}/${name}`))

/** The pages of the menu. A page that is in no group is in the last one, so that none is forgotten. */
const groups = [
  ["Begin", ["index.md", "ways-in.md", "reading-the-site.md", "questions.md"]],
  [
    "Use",
    [
      "commands.md",
      "looking.md",
      "refresh.md",
      "history.md",
      "report.md",
      "exports.md",
      "forgetting.md",
      "migrating.md"
    ]
  ],
  ["Look up", ["files.md", "storages.md", "verdicts.md", "performance.md"]],
  ["Build on it", ["library.md", "architecture.md"]]
]
const known = new Set(groups.flatMap(([, pages]) => pages))
const others = readdirSync(docs).filter((name) => name.endsWith(".md") && !known.has(name))

export default defineConfig({
  title: "letterboxd-ratings",
  description: "Make a ratings dataset from Letterboxd, without losing a row silently",
  srcDir: "pages",
  outDir: "dist",
  rewrites: { "api/README.md": "api/index.md" },
  cleanUrls: true,
  markdown: {
    config: (markdown) => {
      // What is not a page is in the repository.
      const render =
        markdown.renderer.rules.link_open ?? ((tokens, i, options, _, self) => self.renderToken(tokens, i, options))
      markdown.renderer.rules.link_open = (tokens, i, options, env, self) => {
        const href = tokens[i].attrGet("href") ?? ""
        if (href.startsWith("../") && !env.relativePath?.includes("/"))
          tokens[i].attrSet("href", `${repository}/tree/main/${href.slice(3)}`)
        return render(tokens, i, options, env, self)
      }
    }
  },
  ignoreDeadLinks: [/^\.\/decisions$/u, /^\.?\/?\.\.\//u],
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: repository }],
    sidebar: [
      ...groups.map(([text, pages]) => ({ text, items: pages.map(item) })),
      ...(others.length === 0 ? [] : [{ text: "More", items: others.map(item) }]),
      ...(readdirSync(docs).includes("recipes") ? [{ text: "Recipes", items: pagesIn("recipes") }] : []),
      { text: "API", collapsed: true, items: [item("api/README.md"), ...pagesIn("api")] },
      { text: "Decisions", collapsed: true, items: pagesIn("decisions") }
    ]
  }
})
