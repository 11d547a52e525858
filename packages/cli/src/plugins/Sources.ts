/**
 * The built-in sources of `lb`, and sources from modules. To add a source, add a line here.
 *
 * @since 0.1.0
 */
import { sourceFailure } from "@letterboxd-ratings/core"
import { Effect, Layer } from "effect"
import { InvalidSettings } from "../ExitCode.ts"
import { flagOf } from "../options/OptionTable.ts"
import type { Settings } from "../options/Settings.ts"
import { isModule, loadModule, unknownName, unknownOption } from "./LoadedModule.ts"
import { letterboxd, sandbox } from "./Sites.ts"
import { type FeedsLayer, type SourceLayer, sourceModule, type SourcePlugin, type SourceUse } from "./SourcePlugin.ts"

const sources: Readonly<Record<string, SourcePlugin>> = {
  letterboxd,
  sandbox
}

/**
 * @since 0.1.0
 * @category models
 */
export const sourceNames: ReadonlyArray<string> = Object.keys(sources)

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

const nameOf = ({ source }: Settings): string => source ?? "letterboxd"

const pluginOf = (name: string): SourcePlugin | undefined => (Object.hasOwn(sources, name) ? sources[name] : undefined)

/**
 * Lines to show before reading from the source.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noticesOf = (settings: Settings): ReadonlyArray<string> =>
  pluginOf(nameOf(settings))?.notices(settings) ?? []

/** The first option that is for other sources only, as a message. */
const problemOf = (settings: Settings, name: string): string | undefined => {
  const taken = pluginOf(name)?.takes ?? []
  for (const key of new Set(Object.values(sources).flatMap(({ takes }) => takes))) {
    const place = settings.said.get(key)
    if (place === undefined || taken.includes(key)) continue
    const others = Object.keys(sources).filter((other) => sources[other]?.takes.includes(key) === true)
    return `${place} is for the source${others.length === 1 ? "" : "s"} ${others.join(" and ")}, not for ${name}. Remove it, or choose another source.`
  }
  return undefined
}

/** A module of another author may throw where it makes its source. */
const withMistakes = (layer: SourceLayer, name: string): SourceLayer =>
  Layer.catchAllCause(layer, (cause) => {
    const error = sourceFailure(name, cause)
    return error === undefined ? Layer.failCause(cause) : Layer.fail(error)
  })

/**
 * The source named in the settings: a built-in one, or a module.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sourceOf = (settings: Settings, use: SourceUse): Effect.Effect<SourceLayer, InvalidSettings> => {
  const name = nameOf(settings)
  const plugin = pluginOf(name)
  if (plugin === undefined && !isModule(name))
    return invalid(
      unknownName("source", settings.said.get("source") ?? `--${flagOf("source")}`, name, Object.keys(sources))
    )
  const problem = problemOf(settings, name)
  if (problem !== undefined) return invalid(problem)
  const { concurrency, sourceOptions: options } = settings
  if (plugin === undefined)
    return Effect.map(loadModule(sourceModule, name, { options, concurrency }), (layer) => withMistakes(layer, name))
  const [unknown] = Object.keys(options)
  return unknown === undefined
    ? Effect.succeed(plugin.layer(settings, use))
    : invalid(unknownOption("source", name, unknown, []))
}

/**
 * The feeds of the source named in the settings. Sources from modules have none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const feedsOf = (settings: Settings): Effect.Effect<FeedsLayer, InvalidSettings> => {
  const name = nameOf(settings)
  const plugin = pluginOf(name)
  if (plugin === undefined)
    return invalid(`The source ${name} has no feeds. Leave out --via feed, or choose ${sourceNames.join(" or ")}.`)
  const problem = problemOf(settings, name)
  return problem === undefined ? Effect.succeed(plugin.feeds(settings)) : invalid(problem)
}
