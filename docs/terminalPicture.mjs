/**
 * Draws `terminal.svg`: what the first two commands of the README print, from a real run of the built command.
 * `node docs/terminalPicture.mjs`, after `pnpm build`.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../packages/cli/bin/lb.mjs", import.meta.url))
const columns = 96
const mostLines = 12
const lineHeight = 20
const letterWidth = 8.4
const margin = 16

/** The lines that a command prints, each with the one that goes on where it is too long. */
const printed = (folder, words) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [bin, ...words], { cwd: folder, encoding: "utf8" })
  if (status !== 0) throw new Error(`lb ${words.join(" ")}: ${stderr}`)
  const lines = `${stderr}${stdout}`
    .trimEnd()
    .split("\n")
    .flatMap((line) => line.match(new RegExp(`.{1,${columns}}(?: |$)|.{1,${columns}}`, "gu")) ?? [""])
  const left = lines.length - mostLines
  return left <= 0 ? lines : [...lines.slice(0, 5), `... ${left + 1} more lines`, ...lines.slice(left + 6)]
}

const folder = mkdtempSync(join(tmpdir(), "lb-picture-"))
try {
  const session = []
  for (const words of [["run", "--mode", "new", "--source", "sandbox"], ["report"]]) {
    if (session.length > 0) session.push({ isTyped: false, text: "" })
    session.push({ isTyped: true, text: `$ pnpm lb ${words.join(" ")}` })
    for (const text of printed(folder, words)) session.push({ isTyped: false, text })
  }
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
  const rows = session.map(
    ({ isTyped, text }, i) =>
      `<text x="${margin}" y="${margin + lineHeight * (i + 0.75)}" xml:space="preserve"${isTyped ? ' class="typed"' : ""}>${escaped(text)}</text>`
  )
  const width = Math.round(columns * letterWidth + 2 * margin)
  const height = session.length * lineHeight + 2 * margin
  writeFileSync(
    fileURLToPath(new URL("terminal.svg", import.meta.url)),
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>A dataset of the sandbox, made and looked at</title>
<style>
  rect { fill: #14181c }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #c8d4de }
  .typed { fill: #00e054; font-weight: 600 }
</style>
<rect width="100%" height="100%" rx="8"/>
${rows.join("\n")}
</svg>
`
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
