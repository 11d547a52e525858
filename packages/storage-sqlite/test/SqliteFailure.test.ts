import { SqlError } from "@effect/sql/SqlError"
import { assert, it } from "@effect/vitest"
import { failureAbout } from "../src/SqliteFailure.ts"

it("tells a full disk from one that fails, also where only the room for the log's index is missing", () => {
  const of = (code: string) =>
    failureAbout("ratings.sqlite")(new SqlError({ cause: Object.assign(new Error("disk I/O error"), { code }) }))
  for (const code of ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"]) {
    assert.strictEqual(of(code).reason, "Full")
    assert.include(of(code).message, "the disk is full")
  }
  for (const code of ["SQLITE_IOERR", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_READ"]) {
    assert.strictEqual(of(code).reason, "Failed")
    assert.include(of(code).message, "full or broken")
  }
})
