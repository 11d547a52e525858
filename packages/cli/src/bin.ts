/**
 * What `bin/lb.mjs` loads.
 */
import { NodeContext } from "@effect/platform-node"
import { runAsProcess } from "./Main.ts"

runAsProcess(NodeContext.layer)
