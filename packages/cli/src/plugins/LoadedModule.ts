/**
 * Sources and storages from modules of other authors.
 *
 * @since 0.1.0
 */
import { Effect, Either, Option, Predicate, Schema } from "effect"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { InvalidSettings } from "../ExitCode.ts"
import { didYouMean } from "../Nearest.ts"

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

/**
 * What a module can provide: for example a `source`, whose `layer` takes settings such as `{ options }` and returns a Layer
 * of `RatingsSource`. `isLayer` checks that a value is a Layer; it cannot check for which service.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModuleKind<L> {
  readonly name: "source" | "storage"
  readonly takes: string
  readonly gives: string
  readonly isLayer: (value: unknown) => value is L
}

/**
 * Whether a name refers to a module: a path, a package with a scope, a file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const isModule = (name: string): boolean => /^[./@]|\/|\.m?js$/u.test(name)

/**
 * The message for an option that a source or storage does not have.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unknownOption = (
  kind: ModuleKind<unknown>["name"],
  name: string,
  option: string,
  known: ReadonlyArray<string>
): string =>
  `The ${kind} ${name} has no option "${option}".${known.length === 0 ? " It has no options." : ` Its options: ${known.join(", ")}.${didYouMean(option, known, (one) => `"${one}"`)}`}`

/**
 * The message for a name that is neither known nor a module. `place` is where it was set.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unknownName = (
  kind: ModuleKind<unknown>["name"],
  place: string,
  name: string,
  known: ReadonlyArray<string>
): string =>
  `${place} is "${name}", which is not a ${kind}. Use ${known.join(", ")} or a module (./my-${kind}.mjs, @scope/package).${didYouMean(name, known, (one) => `"${one}"`)}`

type MakeLayer = (given: unknown) => unknown
const isMakeLayer = (value: unknown): value is MakeLayer => typeof value === "function"

/** What a module must export: `layer`, and the names of its options if it has any. */
const PluginModule = Schema.Struct({
  layer: Schema.declare(isMakeLayer, { identifier: "a function from settings to a Layer" }),
  options: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
})
const decodeModule = Schema.decodeUnknownEither(PluginModule)

/** `layer` may be an export of the module, of its default export, or of the only namespace it exports. */
const candidatesOf = (module: unknown): ReadonlyArray<unknown> =>
  Predicate.isRecord(module)
    ? [module, module["default"], ...(Object.keys(module).length === 1 ? Object.values(module) : [])]
    : []

const firstLineOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message.split("\n")[0] : undefined) ?? String(cause)

const decodeCode = Schema.decodeUnknownOption(Schema.Struct({ code: Schema.String }))

/** What is wrong with a module that cannot be loaded, and what to do. */
const whyNotLoaded = (name: string, file: string | undefined, here: string, cause: unknown): string => {
  const code = Option.getOrUndefined(decodeCode(cause))?.code
  if (file !== undefined && !existsSync(file)) return `there is no file ${file}. Correct the path.`
  if (file === undefined && existsSync(path.resolve(here, name)))
    return `${name} is a file, not a package. Begin its path with ./: ./${name}`
  if (file === undefined && code === "MODULE_NOT_FOUND")
    return `no package ${name} is installed in ${here}. Install it there${/\.m?js$/u.test(name) ? `, or give the path of a file: ./${name}` : ""}.`
  const [, missing] = /^Cannot find (?:package|module) '([^']+)'/u.exec(firstLineOf(cause)) ?? []
  return code === "ERR_MODULE_NOT_FOUND" && missing !== undefined
    ? `it needs ${missing}, which is not there. A module needs the packages that it imports (effect, @effect/platform, @letterboxd-ratings/core ...) in a node_modules folder next to it or above.`
    : `${firstLineOf(cause)}.`
}

/**
 * Loads the module `name`: a path relative to the working directory, or a package that can be resolved from there. Calls
 * its `layer` with `given`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const loadModule = <L, Given extends { readonly options: Readonly<Record<string, string>> }>(
  kind: ModuleKind<L>,
  name: string,
  given: Given
): Effect.Effect<L, InvalidSettings> =>
  Effect.gen(function* () {
    const shape = `The module must export layer, a function that takes ${kind.takes} and returns a Layer of ${kind.gives}. It may export options, a list of option names`
    const here = process.cwd()
    const isFile = /^\.{0,2}\//u.test(name) || path.isAbsolute(name)
    const file = isFile ? path.resolve(name) : undefined
    const module = yield* Effect.tryPromise({
      try: async (): Promise<unknown> =>
        await import(pathToFileURL(file ?? createRequire(path.join(here, "lb.mjs")).resolve(name)).href),
      catch: (cause) => invalid(`The ${kind.name} ${name} cannot be loaded: ${whyNotLoaded(name, file, here, cause)}`)
    })
    const found = candidatesOf(module)
      .map((candidate) => decodeModule(candidate))
      .find(Either.isRight)
    if (found === undefined) return yield* invalid(`${name} is not a ${kind.name}. ${shape}.`)
    const { layer, options } = found.right
    const unknown = Object.keys(given.options).find((option) => !options.includes(option))
    if (unknown !== undefined) return yield* invalid(unknownOption(kind.name, name, unknown, options))
    const made = yield* Effect.try({
      try: () => layer(given),
      catch: (cause) =>
        invalid(`The ${kind.name} ${name} cannot be created: ${cause instanceof Error ? cause.message : String(cause)}`)
    })
    return kind.isLayer(made)
      ? made
      : yield* invalid(`The function layer of ${name} does not return a Layer. ${shape}.`)
  })
