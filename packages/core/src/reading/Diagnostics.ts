/**
 * Pages that were not understood, kept for a bug report.
 *
 * @since 0.1.0
 */
import { Context, Effect, Option } from "effect"

/**
 * A response to keep: unchanged, with the subject of the request (`page 3 of karsten`) and the reason for keeping it.
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
 * Where sources save pages that were not understood. `keep` returns where the page is saved; by default it saves nothing.
 *
 * @since 0.1.0
 * @category services
 */
export class Diagnostics extends Context.Reference<Diagnostics>()("@letterboxd-ratings/core/Diagnostics", {
  defaultValue: (): { readonly keep: (page: KeptPage) => Effect.Effect<Option.Option<string>> } => ({
    keep: () => Effect.succeed(Option.none())
  })
}) {}
