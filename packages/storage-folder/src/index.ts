export { type DatasetFolder, type DatasetFolderKind, freeName, openFolder, stamp, syncFolder } from "./DatasetFolder.ts"
export { failuresOf, type FolderFailures } from "./FolderFailure.ts"
export { isFolderHeld, lockFolder, lockName, unlockFolder } from "./FolderLock.ts"
export { replaceFolder } from "./FolderReplacement.ts"
