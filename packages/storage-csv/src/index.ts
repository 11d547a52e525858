export * as CsvStorage from "./CsvStorage.ts"
export { defaultFileNames, type FileNames } from "./FileNames.ts"
export { CommittedFile, FileEntry, Manifest } from "./Manifest.ts"
