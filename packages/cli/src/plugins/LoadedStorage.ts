/**
 * Storages that other people's modules bring.
 *
 * @since 0.1.0
 */
import { Effect, Either, Layer, Predicate, Schema } from "effect"
import { createRequire } from "node:module"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { InvalidSettings } from "../ExitCode.ts"
import { type StorageLayer, type StorageSettings, unknownOption } from "./StoragePlugin.ts"

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

type MakeLayer = (given: StorageSettings) => unknown
const isMakeLayer = (value: unknown): value is MakeLayer => typeof value === "function"

/** What a module must export: `layer`, and the names of its options if it has any. */
const StorageModule = Schema.Struct({
  layer: Schema.declare(isMakeLayer, { identifier: "a function from settings to a Layer" }),
  options: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
})
const decodeModule = Schema.decodeUnknownEither(StorageModule)

/** `layer` may stand in the module itself, in its default export, or in the only namespace it exports. */
const candidatesOf = (module: unknown): ReadonlyArray<unknown> =>
  Predicate.isRecord(module)
    ? [module, module["default"], ...(Object.keys(module).length === 1 ? Object.values(module) : [])]
    : []

const shape =
  "It must export layer, a function that takes { folder, url, options } and returns a Layer of RatingsStorage, and may export options, the names of its options"

const isStorageLayer = (value: unknown): value is StorageLayer => Layer.isLayer(value)

/**
 * The storage of a module: a path from the working directory, or a package that can be found from there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const loadStorage = (name: string, given: StorageSettings): Effect.Effect<StorageLayer, InvalidSettings> =>
  Effect.gen(function* () {
    const here = path.join(process.cwd(), "lb.mjs")
    const module = yield* Effect.tryPromise({
      try: async (): Promise<unknown> => {
        const file =
          /^\.{0,2}\//u.test(name) || path.isAbsolute(name) ? path.resolve(name) : createRequire(here).resolve(name)
        return await import(pathToFileURL(file).href)
      },
      catch: (cause) =>
        invalid(
          `The storage ${name} cannot be loaded: ${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}`
        )
    })
    const found = candidatesOf(module)
      .map((candidate) => decodeModule(candidate))
      .find(Either.isRight)
    if (found === undefined) return yield* invalid(`${name} is not a storage. ${shape}.`)
    const { layer, options } = found.right
    const unknown = Object.keys(given.options).find((option) => !options.includes(option))
    if (unknown !== undefined) return yield* invalid(unknownOption(name, unknown, options))
    const made = yield* Effect.try({
      try: () => layer(given),
      catch: (cause) =>
        invalid(`The storage ${name} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`)
    })
    return isStorageLayer(made) ? made : yield* invalid(`What layer of ${name} returns is not a Layer. ${shape}.`)
  })
