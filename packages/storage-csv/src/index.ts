export * as CsvStorage from "./CsvStorage.ts"
export { defaultFileNames, type FileNames } from "./FileNames.ts"
export { FileEntry } from "@letterboxd-ratings/storage-folder"
export { CommittedFile, Manifest } from "./Manifest.ts"
