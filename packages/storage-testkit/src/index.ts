export { batchOf, commitRest, history, type Told } from "./Batches.ts"
export { storageSuite, type StorageSuiteOptions } from "./StorageSuite.ts"
