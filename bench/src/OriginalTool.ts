/**
 * The original tool's ways of doing things, in Python where there is one on this machine.
 */
import { Console, Effect, Option, Schema } from "effect"
import { fileURLToPath } from "node:url"
import { measured, MeasuringError } from "./MeasuredProcess.ts"

const script = fileURLToPath(new URL("original-tool.py", import.meta.url))

const Started = Schema.Struct({ python: Schema.String })
const Parsed = Schema.Struct({ seconds: Schema.Positive, films: Schema.Positive, tree: Schema.String })
const Joined = Schema.Struct({ rows: Schema.Positive })
const Rewritten = Schema.Struct({ milliseconds: Schema.Positive })

/** What one of the original's ways took, and what it printed. None where there is no python3. */
const way = <A, I>(args: ReadonlyArray<string>, result: Schema.Schema<A, I>) =>
  measured({ file: "python3", args: [script, ...args] }).pipe(
    Effect.flatMap(({ said, ...took }) =>
      Schema.decode(Schema.parseJson(result))(said).pipe(
        Effect.map((result) => ({ took, result })),
        Effect.mapError(
          ({ message }) => new MeasuringError({ reason: "ResultUnknown", program: script, detail: message })
        )
      )
    ),
    Effect.asSome,
    Effect.catchIf(
      ({ reason }) => reason === "ProgramMissing",
      () =>
        Effect.as(
          Console.error("  (the original tool's ways are not measured: there is no python3 here)"),
          Option.none()
        )
    )
  )

/** Loads what a script that reads pages and writes CSV loads. */
export const start = way(["start"], Started)

/** Makes a document tree of each page: seconds of processor time a page. */
export const parse = (pages: ReadonlyArray<string>) => way(["parse", ...pages], Parsed)

/** Reads all ratings of a dataset in CSV row by row, and looks up the names of each. */
export const join = (folder: string) => way(["join", folder], Joined)

/** Writes all raw ratings of a dataset in CSV anew, with a batch more. */
export const rewrite = (folder: string) => way(["rewrite", folder], Rewritten)
