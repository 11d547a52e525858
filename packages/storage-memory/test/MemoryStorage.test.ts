import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { storageSuite } from "@letterboxd-ratings/storage-testkit"

const datasets = MemoryStorage.makeDatasets()
storageSuite("MemoryStorage", (place) => MemoryStorage.layer({ place, datasets }), { writeFormat: "none" })
