import { folderSuite } from "@letterboxd-ratings/storage-testkit/folder"
import { sample } from "../../../vitest.sample.ts"
import { lineStorage } from "./LineStorage.ts"

folderSuite({
  name: "a storage over storage-folder",
  storage: lineStorage,
  sample: (what, points) => sample(what, points, 12)
})
