/**
 * The sandbox in a process of its own, with the real world where that is at hand.
 */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { MeasuringError } from "./MeasuredProcess.ts"

const command = fileURLToPath(new URL("../../fixtures/bin/lb-sandbox.mjs", import.meta.url))
const shared = fileURLToPath(new URL("../../../shared/world/", import.meta.url))

/** The files of the real world, if they are here. */
export const realWorld = fs.existsSync(shared)
  ? { films: `${shared}films.csv`, watched: `${shared}watched.csv.gz` }
  : undefined

/** So many members are read in benchmarks. Real ones have some ten pages each; those of the generated world are few and have fewer. */
export const membersToRead = realWorld === undefined ? 60 : 100

const Counts = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Number }))

const failed = (detail: string) => new MeasuringError({ reason: "ProgramFailed", program: "lb-sandbox", detail })

/** A running sandbox. `requests` counts the requests for each path since the start or the last `reset`. */
export interface SandboxProcess {
  readonly url: string
  readonly requests: Effect.Effect<ReadonlyMap<string, number>, MeasuringError>
  readonly reset: Effect.Effect<void, MeasuringError>
}

/** Starts a sandbox on a free port, which ends with the scope. */
export const sandboxProcess = (latencyMillis: number) =>
  Effect.gen(function* () {
    const world = realWorld === undefined ? [] : ["--films", realWorld.films, "--watched", realWorld.watched]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [command, "--port", "0", "--latency", String(latencyMillis), ...world], {
          stdio: ["ignore", "pipe", "inherit"]
        })
      ),
      (child) => Effect.sync(() => child.kill())
    )
    const url = yield* Effect.async<string, MeasuringError>((resume) => {
      child.once("close", (code) => resume(Effect.fail(failed(`ended with ${code}`))))
      child.stdout.once("data", (data: Buffer) => {
        const url = /http:\/\/127\.0\.0\.1:\d+/u.exec(data.toString("utf8"))?.[0]
        resume(url === undefined ? Effect.fail(failed(`said no address: ${data}`)) : Effect.succeed(url))
      })
    })
    const control = (name: string) =>
      Effect.tryPromise({
        try: async () => (await fetch(`${url}/__sandbox/${name}`)).text(),
        catch: (cause) => failed(String(cause))
      })
    const sandbox: SandboxProcess = {
      url,
      requests: control("requests").pipe(
        Effect.flatMap((text) => Effect.mapError(Schema.decode(Counts)(text), ({ message }) => failed(message))),
        Effect.map((counts) => new Map(Object.entries(counts)))
      ),
      reset: Effect.asVoid(control("reset"))
    }
    return sandbox
  })

/** The words of a run of `membersToRead` members from a sandbox into a new dataset in CSV. */
export const runFrom = ({ url }: SandboxProcess, folder: string, concurrency: number): ReadonlyArray<string> => [
  ..."run --mode new --quiet --rate unlimited".split(" "),
  "--base-url",
  url,
  "--batches",
  String(membersToRead / 10),
  "--concurrency",
  String(concurrency),
  "--out",
  folder
]
