export * as NodeSha256 from "./NodeSha256.ts"
