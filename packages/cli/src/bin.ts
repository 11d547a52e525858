/**
 * What `bin/lb.mjs` loads.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { runAsProcess } from "./Main.ts"

runAsProcess(NodeContext.layer)
