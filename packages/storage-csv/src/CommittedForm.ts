/**
 * Whether files still have our form, read at both ends of what was committed to them. A program that saves a file in
 * another form changes all of it, and may leave its length as it was (`;` for `,`). What is appended to such a file can
 * never be separated from it again by a checksum.
 */
import { FileSystem, type Path } from "@effect/platform"
import type { StorageError } from "@letterboxd-ratings/core"
import { atPlace, type FileEntry, keepsIn } from "@letterboxd-ratings/storage-folder"
import { Effect, Either } from "effect"
import { examineForm, isInOurForm, saidOf } from "./ChangedForm.ts"
import { headerText } from "./CsvCells.ts"
import { columnsOf, type CsvColumn } from "./CsvColumns.ts"
import { type CsvManifest, filesOf } from "./CsvManifest.ts"
import { failures, storageError } from "./StorageFailure.ts"

type Files = FileSystem.FileSystem | Path.Path

/** So much is read at each end of a file when a dataset is opened, and before each batch. */
export const bytesOnOpening = 64 * 1024
export const bytesOnCommit = 1024

const lineFeed = 0x0a
const quote = 0x22

/** Where the last whole record ends, and where the first one begins behind a part of one. In quotes, no record ends. */
const lastEnd = (bytes: Uint8Array): number => {
  let isInQuotes = false
  let end = 0
  for (const [i, byte] of bytes.entries()) {
    if (byte === quote) isInQuotes = !isInQuotes
    else if (byte === lineFeed && !isInQuotes) end = i + 1
  }
  return end
}
const firstBeginning = (bytes: Uint8Array): number => {
  let isInQuotes = false
  let beginning = bytes.length
  for (let i = bytes.length - 1; i >= 0; i -= 1) {
    if (bytes[i] === quote) isInQuotes = !isInQuotes
    else if (bytes[i] === lineFeed && !isInQuotes) beginning = i + 1
  }
  return beginning
}

/** The first and the last committed bytes of a file. */
const endsOf = (folder: string, entry: FileEntry, most: number) =>
  atPlace(failures, folder, entry, (place) =>
    Effect.scoped(
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const file = yield* fs.open(place, { flag: "r" })
        const read = (from: number, length: number) =>
          Effect.gen(function* () {
            yield* file.seek(from, "start")
            const bytes = new Uint8Array(length)
            let got = 0
            while (got < length) {
              const now = Number(yield* file.read(bytes.subarray(got)))
              if (now === 0) break
              got += now
            }
            return bytes.subarray(0, got)
          })
        const length = Math.min(most, entry.bytes)
        return { place, head: yield* read(0, length), tail: yield* read(entry.bytes - length, length) }
      })
    )
  )

/** Whether whole rows at the ends of a file are as we write them. */
const areOurs = (
  columns: ReadonlyArray<CsvColumn>,
  { bytes }: FileEntry,
  { head, tail }: { readonly head: Uint8Array; readonly tail: Uint8Array }
): boolean => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  return Either.getOrElse(
    Either.try(() => {
      const header = headerText(columns)
      const first = decoder.decode(head.subarray(0, lastEnd(head)))
      if (!first.startsWith(header) || tail.at(-1) !== lineFeed) return false
      if (!isInOurForm(columns, first.slice(header.length))) return false
      return tail.length === bytes || isInOurForm(columns, decoder.decode(tail.subarray(firstBeginning(tail))))
    }),
    () => false
  )
}

/**
 * Fails with `Damaged` where a file to which rows are appended does not have our form at its ends. Costs `most` bytes at
 * each end of each file; only where one has another form, it is read whole, to say what became of it. The other files are
 * read whole whenever a dataset is opened.
 */
export const checkCommittedForm = (
  folder: string,
  manifest: CsvManifest,
  most: number
): Effect.Effect<void, StorageError, Files> =>
  Effect.gen(function* () {
    const columns = columnsOf(keepsIn(manifest))
    for (const [file, entry] of filesOf(manifest)) {
      if (file === "memberRecords" || entry.bytes === 0) continue
      const { place, ...ends } = yield* endsOf(folder, entry, most)
      // Who is short of bytes is told so by what checks the lengths.
      if (ends.tail.length < Math.min(most, entry.bytes) || areOurs(columns[file], entry, ends)) continue
      const canBeRebuilt = file === "translatedRatings"
      const changed = yield* examineForm(place, columns[file], entry)
      return yield* storageError(
        "Damaged",
        place,
        `${changed === undefined ? "its first or last rows are not what this program writes" : saidOf(changed, entry, canBeRebuilt)}. Nothing was written`,
        { remedy: { _tag: canBeRebuilt || changed?.content !== undefined ? "Repair" : "Verify" } }
      )
    }
  })
