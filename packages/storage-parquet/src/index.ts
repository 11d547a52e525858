export * as ParquetStorage from "./ParquetStorage.ts"
