/**
 * Runs turbo as this project wants it: it reports nothing to anybody and does not ask whether there is a newer one.
 * With `--silent` first, it says nothing unless it fails.
 */
import { spawnSync } from "node:child_process"

const [first, ...rest] = process.argv.slice(2)
const isSilent = first === "--silent"
const { error, status, stderr, stdout } = spawnSync("turbo", isSilent ? rest : process.argv.slice(2), {
  stdio: isSilent ? ["ignore", "pipe", "pipe"] : "inherit",
  maxBuffer: Infinity,
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1", DO_NOT_TRACK: "1" }
})
if (status !== 0) {
  if (isSilent) for (const said of [stdout, stderr]) process.stderr.write(said ?? "")
  if (error !== undefined) process.stderr.write(`turbo cannot be started: ${error.message}\n`)
  process.exitCode = status ?? 1
}
