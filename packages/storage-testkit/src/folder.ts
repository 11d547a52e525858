export { type Disk, type Failure, makeDisk, processTable } from "./Disk.ts"
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
export { makePowerCuts, type PowerCut, type PowerCuts, writePowerCut } from "./PowerCut.ts"
