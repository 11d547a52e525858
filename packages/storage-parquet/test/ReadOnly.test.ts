import { ParquetStorage } from "@letterboxd-ratings/storage-parquet"
import { readOnlySuite } from "@letterboxd-ratings/storage-testkit/folder"

readOnlySuite({ name: "ParquetStorage", storage: (folder) => ParquetStorage.layer({ folder }) })
