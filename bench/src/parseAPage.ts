/**
 * How long a films page takes to read.
 */
import { filmsPage, generateWorld } from "@letterboxd-ratings/fixtures"
import { parseFilmsPage } from "@letterboxd-ratings/letterboxd-source"
import * as fs from "node:fs"

const millisPer = (html: string): number => {
  for (let i = 0; i < 30; i++) parseFilmsPage(html)
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    for (let i = 0; i < 40; i++) parseFilmsPage(html)
    return (performance.now() - began) / 40
  })
  return Math.min(...times)
}

export const parseAPage = async (): Promise<void> => {
  const member = generateWorld().members[3]
  const pages: Array<readonly [string, string]> =
    member === undefined
      ? []
      : [
          ["sandbox, 2022", filmsPage({ member, films: member.films, listing: "", number: 1, generation: "2022" })],
          [
            "sandbox, 2026-09",
            filmsPage({ member, films: member.films, listing: "", number: 1, generation: "2026-09" })
          ]
        ]
  const real = new URL("../../../shared/pages/films-modern-2025-11.html", import.meta.url)
  if (fs.existsSync(real)) pages.push(["real, 2025-11", fs.readFileSync(real, "utf8")])
  else process.stdout.write("  (no real page: there is no ../shared/pages here)\n")
  for (const [name, html] of pages) {
    process.stdout.write(`  ${name}: ${(html.length / 1000).toFixed(0)} kB in ${millisPer(html).toFixed(2)} ms\n`)
  }
}
