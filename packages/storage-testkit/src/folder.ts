export { type Disk, type Failure, makeDisk, makeReadOnlyDisk, processTable } from "./Disk.ts"
export {
  askStorage,
  contentOf,
  folderSuite,
  type FolderSuiteOptions,
  freshFolder,
  goOn,
  type Process,
  setAside,
  startNew,
  useDataset
} from "./FolderSuite.ts"
export { readOnlySuite, type ReadOnlySuiteOptions } from "./ReadOnlySuite.ts"
export { makePowerCuts, type PowerCut, type PowerCuts, writePowerCut } from "./PowerCut.ts"
