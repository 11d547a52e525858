export { type DatasetFolder, type DatasetFolderKind, openFolder, stamp } from "./DatasetFolder.ts"
export {
  checkBytes,
  checkLengths,
  checksumOf,
  crc32Of,
  emptyEntry,
  entryBytes,
  FileEntry,
  InnerName,
  inPlace,
  placeOf,
  readEntry
} from "./FileEntry.ts"
export { copyFlushed, freeName, makeFolder, removeIfEmpty, syncFolder, writeBytes, writeNew } from "./FlushedFiles.ts"
export {
  commitFolder,
  commitsOf,
  type FileContent,
  type FileCopy,
  type FilePart,
  type FolderCommits,
  type FolderWriter,
  leaveIfUnfinished,
  nextName
} from "./FolderCommit.ts"
export { failuresOf, type FolderFailures, withRemedy } from "./FolderFailure.ts"
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
export {
  CopyEntry,
  type FolderForm,
  type FolderManifest,
  formatFields,
  formatFieldsOf,
  keepsIn,
  manifestName,
  readManifest,
  readUnheld
} from "./FolderManifest.ts"
export { checkTail, type RecoveryOptions, recoverFolder, removeFirstAttempt, type Tails } from "./FolderRecovery.ts"
export { replaceFolder } from "./FolderReplacement.ts"
