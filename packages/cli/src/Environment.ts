/**
 * The environment that `lb` runs in.
 *
 * @since 0.1.0
 */
import { Context } from "effect"

/**
 * The environment of the process.
 *
 * @since 0.1.0
 * @category services
 */
export class Environment extends Context.Tag("@letterboxd-ratings/cli/Environment")<
  Environment,
  { readonly variables: Readonly<Record<string, string | undefined>> }
>() {}
