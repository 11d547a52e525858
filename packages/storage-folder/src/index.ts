export {
  checkBytes,
  checksumOf,
  commitManifest,
  crc32Of,
  FileEntry,
  filesBeside,
  findFiles,
  type FoundFile,
  InnerName,
  manifestName,
  nextName,
  placeOf,
  readManifest,
  removeFiles,
  renameFiles,
  type Renaming,
  undoBeside,
  writeBytes,
  writeWhole
} from "./CommittedFiles.ts"
export { type DatasetFolder, type DatasetFolderKind, freeName, openFolder, removeIfEmpty, stamp, syncFolder } from "./DatasetFolder.ts"
export { failuresOf, type FolderFailures } from "./FolderFailure.ts"
export { checkLock, type HeldLock, isFolderHeld, leaveLock, lockFolder, lockName, unlockFolder } from "./FolderLock.ts"
export { replaceFolder } from "./FolderReplacement.ts"
export { type HeldDataset, holdDataset } from "./OneCommit.ts"
