export {
  checkBytes,
  checkLengths,
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
  undoMade
} from "./CommittedFiles.ts"
export { type DatasetFolder, type DatasetFolderKind, openFolder, stamp } from "./DatasetFolder.ts"
export {
  checkFree,
  copyFlushed,
  freeName,
  keepAside,
  makeFile,
  makeFolder,
  removeIfEmpty,
  syncFolder,
  writeBytes,
  writeNew
} from "./FlushedFiles.ts"
export { failuresOf, type FolderFailures } from "./FolderFailure.ts"
export {
  checkLock,
  type HeldLock,
  leaveLock,
  lockFolder,
  lockName,
  type LockState,
  lockState,
  unlockFolder
} from "./FolderLock.ts"
export { replaceFolder } from "./FolderReplacement.ts"
export { type HeldDataset, holdDataset } from "./OneCommit.ts"
