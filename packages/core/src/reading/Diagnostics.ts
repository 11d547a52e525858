/**
 * Pages that were not understood, kept for a bug report.
 *
 * @since 0.1.0
 */
import { Context, Effect, Option } from "effect"

/**
 * A response worth keeping: as it came, with what was asked for (`page 3 of karsten`) and why it is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface KeptPage {
  readonly subject: string
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  readonly verdict: string
  readonly evidence: string
}

/**
 * Where sources put pages that were not understood. `keep` tells where the page can be found afterwards; without a
 * place (the default) it keeps nothing.
 *
 * @since 0.1.0
 * @category services
 */
export class Diagnostics extends Context.Reference<Diagnostics>()("@letterboxd-ratings/core/Diagnostics", {
  defaultValue: (): { readonly keep: (page: KeptPage) => Effect.Effect<Option.Option<string>> } => ({
    keep: () => Effect.succeed(Option.none())
  })
}) {}
