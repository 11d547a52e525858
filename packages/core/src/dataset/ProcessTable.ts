/**
 * Which processes run: what a lock needs to know to tell a holder from a leftover.
 *
 * @since 0.1.0
 */
import { Context, type Effect, Schema } from "effect"

/**
 * A process that can be told from every other one: its number on its host, and when it started, since numbers
 * are used again. `boot` names the start of the machine, and `startedAt` is in milliseconds from there on: a time of day
 * would change with the clock. They are absent and 0 where the system does not tell.
 *
 * @since 0.1.0
 * @category models
 */
export const ProcessIdentity = Schema.Struct({
  pid: Schema.Int,
  host: Schema.String,
  startedAt: Schema.Number,
  boot: Schema.optionalWith(Schema.String, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ProcessIdentity extends Schema.Schema.Type<typeof ProcessIdentity> {}

/**
 * Tells this process's identity, and whether another one still runs. Of a process on another host nothing can be
 * known; `isRunning` says `true` for it.
 *
 * @since 0.1.0
 * @category services
 */
export class ProcessTable extends Context.Tag("@letterboxd-ratings/core/ProcessTable")<
  ProcessTable,
  {
    readonly self: Effect.Effect<ProcessIdentity>
    readonly isRunning: (process: ProcessIdentity) => Effect.Effect<boolean>
  }
>() {}
