import { NodeContext } from "@effect/platform-node"
import { sourceSuite, type SourceWorld } from "@letterboxd-ratings/storage-testkit"
import { Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll } from "vitest"
import { layer } from "../json-source.mjs"

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "json-source-"))
afterAll(() => fs.rmSync(folder, { recursive: true }))

/** The suite's world, as the source has it in its file. */
const written = ({ members }: SourceWorld): string => {
  const file = path.join(folder, "lists.json")
  const lists = members.map(({ state, ...member }) => ({
    ...member,
    ...(typeof state === "string" ? { state } : state)
  }))
  fs.writeFileSync(file, JSON.stringify({ members: lists }))
  return file
}

sourceSuite(
  "JsonSource",
  (world) => layer({ options: { file: written(world) } }).pipe(Layer.provide(NodeContext.layer)),
  { membersPerRequest: Infinity, sendsRequests: false }
)
