/**
 * How the content of the files is compressed.
 */
import type { StorageError } from "@letterboxd-ratings/core"
import { Effect, Schema } from "effect"
import { storageError } from "./StorageFailure.ts"

/** Measured on real ratings: docs/decisions/010-parquet-through-duckdb.md. */
export const Compression = Schema.Literal("zstd", "snappy", "gzip", "none")
export type Compression = typeof Compression.Type

const isCompression = Schema.is(Compression)

/** Fails with `InvalidOption` where a word is no compression. */
export const checkCompression = (word = "zstd"): Effect.Effect<Compression, StorageError> =>
  isCompression(word)
    ? Effect.succeed(word)
    : storageError("InvalidOption", "compression", `it is "${word}". Choose one of ${Compression.literals.join(", ")}`)

/** The options of a statement that writes a file. It stands under a name of ours already, so DuckDB needs no other. */
export const copyOptions = (compression: Compression): string =>
  `format parquet, use_tmp_file false, compression ${compression === "none" ? "uncompressed" : compression}`
