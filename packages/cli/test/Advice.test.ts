import { assert, describe, it } from "@effect/vitest"
import { type Remedy, StorageError } from "@letterboxd-ratings/core"
import { Effect } from "effect"
import { type Failed, withAdvice } from "../src/Advice.ts"
import { Environment } from "../src/Environment.ts"

const adviceOn = (remedy: Remedy, failed: Failed, variables: Readonly<Record<string, string>> = {}): string =>
  Effect.runSync(
    withAdvice(
      new StorageError({ reason: "Failed", storage: "csv", place: "here", detail: "it failed", remedy }),
      failed
    ).pipe(Effect.provideService(Environment, { variables }))
  ).replace("here: it failed. ", "")

describe("advice on an error of a storage", () => {
  it("uses the options of the command that failed", () => {
    const remedy: Remedy = { _tag: "UseStorage", storage: "sqlite" }
    const export_ = { command: "export", flags: { out: "s", to: "jsonl" } } as const
    assert.strictEqual(
      adviceOn(remedy, { command: "run", flags: {} }),
      "Use --storage sqlite, or choose another place (--out)."
    )
    assert.strictEqual(adviceOn(remedy, export_), "Use --from sqlite, or choose another place (--out).")
    assert.strictEqual(
      adviceOn(remedy, { ...export_, into: "t" }),
      "Use --to sqlite, or choose another place (--into)."
    )
    const option: Remedy = { _tag: "UseOption", option: "file", value: "a b.sqlite" }
    assert.include(adviceOn(option, export_), `--storage-options file="a b.sqlite"`)
    assert.include(adviceOn(option, { ...export_, into: "t" }), `--into-options file="a b.sqlite"`)
  })

  it("names the dataset in commands as it was given", () => {
    const verify: Remedy = { _tag: "Verify" }
    assert.strictEqual(
      adviceOn(verify, { command: "run", flags: { mode: "continue", out: "my data", rate: "1", storage: "sqlite" } }),
      "For details: lb verify --storage sqlite --out 'my data'"
    )
    const flags = { from: "parquet", to: "sqlite", intoOptions: "file=x.sqlite", out: "s", yes: "true" }
    assert.strictEqual(
      adviceOn(verify, { command: "export", flags }),
      "For details: lb verify --storage parquet --out s"
    )
    assert.strictEqual(
      adviceOn(verify, { command: "export", flags, into: "s-sqlite" }),
      "For details: lb verify --storage sqlite --storage-options file=x.sqlite --out s-sqlite"
    )
    assert.include(
      adviceOn({ _tag: "StartNew" }, { command: "status", flags: { out: "s", json: "true" } }),
      "lb run --mode new --out s"
    )
  })

  it("names the dataset that variables set", () => {
    const variables = {
      LB_OUT: "o",
      LB_STORAGE: "parquet",
      LB_STORAGE_OPTIONS: "compression=zstd",
      LB_SOURCE: "sandbox"
    }
    assert.strictEqual(
      adviceOn({ _tag: "Verify" }, { command: "run", flags: {} }, variables),
      "For details: lb verify --storage parquet --storage-options compression=zstd --out o"
    )
    assert.strictEqual(
      adviceOn({ _tag: "StartNew" }, { command: "status", flags: { out: "p" } }, variables),
      "Start one with: lb run --mode new --source sandbox --storage parquet --storage-options compression=zstd --out p"
    )
    const flags = { to: "sqlite", into: "t" }
    assert.strictEqual(
      adviceOn({ _tag: "Verify" }, { command: "export", flags }, variables),
      "For details: lb verify --storage parquet --storage-options compression=zstd --out o"
    )
    assert.strictEqual(
      adviceOn({ _tag: "Verify" }, { command: "export", flags, into: "t" }, variables),
      "For details: lb verify --storage sqlite --out t"
    )
  })
})
