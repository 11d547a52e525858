import { NodeContext } from "@effect/platform-node"
import { SqliteStorage } from "@letterboxd-ratings/storage-sqlite"
import { storageSuite } from "@letterboxd-ratings/storage-testkit"
import { Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sqlite-"))
afterAll(() => fs.rmSync(folder, { recursive: true }))

storageSuite("SqliteStorage", (place) => SqliteStorage.layer({ folder: path.join(folder, place) }).pipe(Layer.provide(NodeContext.layer)))
