/**
 * What this command has at hand: sources, storages and layouts, with the packages that they need.
 *
 * @since 0.1.0
 */
import { Effect, Option, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import packageJson from "../../package.json" with { type: "json" }
import { formatNames } from "./Formats.ts"
import { sourceNames } from "./Sources.ts"
import { storageNames } from "./Storages.ts"

/**
 * A part of `lb`. `version` is absent where its package is not installed or cannot be loaded; then `problem` says why, and
 * `remedy` is the command that installs it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Part {
  readonly kind: "source" | "storage" | "layout" | "command"
  readonly name: string
  readonly version?: string
  readonly problem?: string
  readonly remedy?: string
}

const decodeVersion = Schema.decodeUnknownOption(Schema.parseJson(Schema.Struct({ version: Schema.String })))

const firstLine = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]?.trim() ?? ""

/** The packages with drivers of their own, which an install may leave out. */
const optional: Readonly<Record<string, () => Promise<unknown>>> = {
  sqlite: () => import("@letterboxd-ratings/storage-sqlite"),
  parquet: () => import("@letterboxd-ratings/storage-parquet"),
  postgres: () => import("@letterboxd-ratings/storage-postgres")
}

/** Loads the package of a storage, to see whether it can be used. */
const packageOf = (name: string): Effect.Effect<Pick<Part, "version" | "problem" | "remedy">> => {
  const load = optional[name]
  if (load === undefined) return Effect.succeed({ version: packageJson.version })
  const file = `@letterboxd-ratings/storage-${name}/package.json`
  return Effect.tryPromise({
    try: async () => {
      await load()
      return await readFile(createRequire(import.meta.url).resolve(file), "utf8")
    },
    catch: firstLine
  }).pipe(
    Effect.map((text) => ({
      version: Option.match(decodeVersion(text), { onNone: () => "unknown", onSome: ({ version }) => version })
    })),
    Effect.catchAll((problem) => Effect.succeed({ problem, remedy: `npm install @letterboxd-ratings/storage-${name}` }))
  )
}

/** The layouts and commands that are in the package of a storage. */
const homes: Readonly<Record<string, string>> = { "parquet-file": "parquet", huggingface: "parquet", query: "parquet" }

/**
 * All sources, storages and layouts of `lb`, and the commands that need a package of their own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const installedParts: Effect.Effect<ReadonlyArray<Part>> = Effect.gen(function* () {
  const packages = new Map<string, Pick<Part, "version" | "problem" | "remedy">>()
  for (const name of storageNames) packages.set(name, yield* packageOf(name))
  const own = { version: packageJson.version }
  const part = (kind: Part["kind"], name: string, home: string | undefined): Part => {
    const found = home === undefined ? own : packages.get(home)
    return Object.assign({ kind, name }, found ?? own)
  }
  return [
    ...sourceNames.map((name) => part("source", name, undefined)),
    ...storageNames.map((name) => part("storage", name, name)),
    ...formatNames.map((name) => part("layout", name, homes[name])),
    part("command", "query", homes["query"])
  ]
})

/**
 * The versions of everything that can matter for a bug: of `lb`, of Node and its parts, of the system, and of the storages.
 *
 * @since 0.1.0
 * @category constructors
 */
export const versionLines = (parts: ReadonlyArray<Part>): ReadonlyArray<readonly [name: string, version: string]> => [
  ["lb", packageJson.version],
  ["node", process.versions.node],
  ["system", `${process.platform} ${process.arch}`],
  ...parts
    .filter(({ kind }) => kind === "storage")
    .map(({ name, version }) => [`storage ${name}`, version ?? "not installed"] as const)
]
