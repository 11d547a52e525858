/**
 * The recording of a run, if it has one.
 *
 * @since 0.1.0
 */
import type { Username } from "@letterboxd-ratings/core"
import { Context, type DateTime, type Effect, Schema } from "effect"

/**
 * A run cannot be recorded, or not any further.
 *
 * @since 0.1.0
 * @category errors
 */
export class RecordingFailed extends Schema.TaggedError<RecordingFailed>("@letterboxd-ratings/cli/RecordingFailed")(
  "RecordingFailed",
  { message: Schema.String }
) {}

/**
 * `committed` notes a batch, and waits until all responses so far are on disk. `failed` fails when a response cannot be written, and waits until
 * then.
 *
 * @since 0.1.0
 * @category services
 */
export class Recorder extends Context.Tag("@letterboxd-ratings/cli/Recorder")<
  Recorder,
  {
    readonly committed: (batch: {
      readonly at: DateTime.Utc
      readonly members: ReadonlyArray<Username>
    }) => Effect.Effect<void, RecordingFailed>
    readonly failed: Effect.Effect<never, RecordingFailed>
  }
>() {}
