/**
 * Reads all bytes of the files in a folder and does nothing with them: the limit of whatever reads them.
 */
import { closeSync, openSync, readdirSync, readSync } from "node:fs"
import { join } from "node:path"

const buffer = Buffer.allocUnsafe(1_048_576)
for (const entry of readdirSync(process.argv[2] ?? ".", { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const file = openSync(join(entry.parentPath, entry.name), "r")
  while (readSync(file, buffer) > 0);
  closeSync(file)
}
