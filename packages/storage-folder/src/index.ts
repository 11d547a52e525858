export { type DatasetFolder, type DatasetFolderKind, folderToRead, openFolder, stamp } from "./DatasetFolder.ts"
export {
  atPlace,
  checkBytes,
  checkLengths,
  checksumOf,
  crc32Of,
  emptyEntry,
  entryBytes,
  FileEntry,
  highestNumber,
  InnerName,
  inPlace,
  nextName,
  placeOf,
  readEntry
} from "./FileEntry.ts"
export {
  checkFree,
  copyFlushed,
  freeName,
  makeFile,
  makeFolder,
  removeIfEmpty,
  syncFolder,
  writeBytes,
  writeNew
} from "./FlushedFiles.ts"
export {
  commitFolder,
  type CommitOptions,
  commitsOf,
  type FileContent,
  type FileCopy,
  type FilePart,
  type FolderCommits,
  type FolderWriter
} from "./FolderCommit.ts"
export { failuresOf, type FolderFailures, type MoreOfFailure } from "./FolderFailure.ts"
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
  countFields,
  type FolderForm,
  type FolderManifest,
  formatFields,
  formatFieldsOf,
  keepsIn,
  lastCommit,
  manifestName,
  manifestText,
  readManifest
} from "./FolderManifest.ts"
export { checkTail, type RecoveryOptions, recoverFolder, removeFirstAttempt, type Tails } from "./FolderRecovery.ts"
export { checkNotWithin, replaceFolder, type ReplacementOptions } from "./FolderReplacement.ts"
export { isStagingName, makeStaging, removeStaging, type StagingFolder, unlockStaging } from "./StagingFolder.ts"
export { readUnheld, rowsOfFolder, type UnheldFolder, unlessChanged } from "./UnheldReading.ts"
