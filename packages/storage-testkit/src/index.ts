export { batchOf, commitRest, history, type Told } from "./Batches.ts"
export { Outage, sourceSuite, type SourceSuiteOptions } from "./SourceSuite.ts"
export { type SourceWorld, sourceWorld, type SourceWorldMember, type SourceWorldState } from "./SourceWorld.ts"
export { storageSuite, type StorageSuiteOptions } from "./StorageSuite.ts"
