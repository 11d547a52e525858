export { CsvFile, CsvManifest } from "./CsvManifest.ts"
export * as CsvStorage from "./CsvStorage.ts"
export { defaultFileNames, type FileNames } from "./FileNames.ts"
