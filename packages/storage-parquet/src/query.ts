export type { Cell } from "./query/Cell.ts"
export { queryDataset, type QueryResult } from "./query/QueryDataset.ts"
export { QueryError } from "./query/QueryError.ts"
export { viewNames } from "./query/Views.ts"
