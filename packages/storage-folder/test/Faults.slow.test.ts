import { folderSuite } from "@letterboxd-ratings/storage-testkit/folder"
import { lineStorage } from "./LineStorage.ts"

folderSuite({ name: "a storage over storage-folder", storage: lineStorage })
