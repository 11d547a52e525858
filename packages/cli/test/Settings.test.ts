import { FileSystem, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import * as fc from "fast-check"
import { execFileSync } from "node:child_process"
import packageJson from "../package.json" with { type: "json" }
import { optionTable, variableOf } from "../src/options/OptionTable.ts"
import { Environment } from "../src/Environment.ts"
import { type Flags, folderOf, pasteable, quoted, resolveSettings } from "../src/options/Settings.ts"
import { Screen } from "../src/Screen.ts"

/** What the settings come to, and what was said on the way. */
const resolve = (flags: Flags, variables: Readonly<Record<string, string>> = {}, file?: unknown) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    const config = path.join(folder, "lb.config.json")
    if (file !== undefined) yield* fs.writeFileString(config, typeof file === "string" ? file : JSON.stringify(file))
    let said = ""
    const screen = Screen.of({
      out: () => Effect.void,
      err: (text) =>
        Effect.sync(() => {
          said += text
        }),
      width: Effect.succeed(80),
      ask: () => Effect.succeed(false),
      answer: (_, fallback) => Effect.succeed(fallback),
      columns: Effect.succeed(undefined)
    })
    const settings = yield* resolveSettings(file === undefined ? flags : { ...flags, config }).pipe(
      Effect.provideService(Screen, screen),
      Effect.provideService(Environment, { variables }),
      Effect.either
    )
    return { settings, said }
  }).pipe(Effect.scoped, Effect.provide(NodeContext.layer))

const problemsOf = (result: Effect.Effect.Success<ReturnType<typeof resolve>>) =>
  Either.isLeft(result.settings) ? result.settings.left.problems.join("\n") : assert.fail("it should have been refused")

const valueOf = (result: Effect.Effect.Success<ReturnType<typeof resolve>>) =>
  Either.isRight(result.settings) ? result.settings.right : assert.fail(result.settings.left.message)

describe("settings", () => {
  it.effect("take the flag before the variable before the file before the default, for every option", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.record({
            flag: fc.option(fc.integer({ min: 1, max: 100 })),
            variable: fc.option(fc.integer({ min: 1, max: 100 })),
            file: fc.option(fc.integer({ min: 1, max: 100 }))
          }),
          fc.constantFrom(
            "batches" as const,
            "batchSize" as const,
            "concurrency" as const,
            "maxRetries" as const,
            "timeout" as const,
            "rate" as const
          ),
          async ({ file, flag, variable }, key) => {
            const result = await Effect.runPromise(
              resolve(
                flag === null ? {} : { [key]: String(flag) },
                variable === null ? {} : { [variableOf(key)]: String(variable) },
                file === null ? {} : { [key]: file }
              )
            )
            assert.strictEqual(valueOf(result)[key], flag ?? variable ?? file ?? optionTable[key].fallback)
          }
        ),
        { numRuns: 60 }
      )
    )
  )

  it.effect("introduce the command with the version it is published as", () =>
    Effect.gen(function* () {
      const { userAgent } = valueOf(yield* resolve({}))
      assert.strictEqual(
        userAgent,
        `letterboxd-ratings/${packageJson.version} (+https://github.com/letterboxd-ratings/letterboxd-ratings)`
      )
    })
  )

  it.effect("read switches from flags, variables and the file", () =>
    Effect.gen(function* () {
      assert.isTrue(valueOf(yield* resolve({ json: "true" })).json)
      assert.isTrue(valueOf(yield* resolve({}, { LB_JSON: "1" })).json)
      assert.isTrue(valueOf(yield* resolve({}, {}, { json: true })).json)
      assert.isFalse(valueOf(yield* resolve({}, { LB_JSON: "false" }, { json: true })).json)
      assert.include(problemsOf(yield* resolve({}, { LB_JSON: "maybe" })), "LB_JSON must be true or false")
    })
  )

  it.effect("name everything that is wrong, with where it stands", () =>
    Effect.gen(function* () {
      const problems = problemsOf(yield* resolve({ batches: "none" }, { LB_RATE: "fast" }, { filmLabel: "name" }))
      assert.include(problems, `--batches must be a whole number from 1 to 1000000, not "none"`)
      assert.include(problems, `LB_RATE must be a number of requests per second above 0, or "unlimited"`)
      assert.match(problems, /"filmLabel" in .*lb\.config\.json must be title or slug/u)
    })
  )

  it.effect("take arrays and objects from the file where an option is a list or pairs", () =>
    Effect.gen(function* () {
      const file = { keep: ["liked", "watched"], storageOptions: { file: "a.sqlite" }, skip: ["davee"] }
      const { keep, skip, storageOptions } = valueOf(yield* resolve({}, {}, file))
      assert.deepStrictEqual([keep, skip, storageOptions], [["liked", "watched"], ["davee"], { file: "a.sqlite" }])
      assert.deepStrictEqual(valueOf(yield* resolve({}, {}, { keep: "liked" })).keep, ["liked"])
      const wrong = problemsOf(
        yield* resolve({}, {}, { keep: { liked: true }, storageOptions: ["a"], skip: ["a,b"], batches: [1] })
      )
      assert.include(wrong, `"keep" must be a string such as "a,b", or an array of strings`)
      assert.include(wrong, `"storageOptions" must be a string such as "a=b,c=d", or an object`)
      assert.include(wrong, `"skip" must be a string such as "a,b"`)
      assert.include(wrong, `"batches" must be a string, a number, true or false`)
    })
  )

  it.effect("say that the URL of a database is a variable, also to whoever puts it into the file", () =>
    Effect.gen(function* () {
      for (const [key, name] of [
        ["storageUrl", "LB_STORAGE_URL"],
        ["intoUrl", "LB_INTO_URL"]
      ] as const) {
        const problems = problemsOf(yield* resolve({}, {}, { [key]: "postgres://me:secret@host/db" }))
        assert.include(problems, `"${key}" cannot be set here`)
        assert.include(problems, `Set the variable ${name}`)
        assert.notInclude(problems, "secret")
      }
    })
  )

  it.effect("take an address of the site without credentials, query or fragment, and show no password", () =>
    Effect.gen(function* () {
      for (const baseUrl of [
        "http://h",
        "http://h/",
        "https://h.example:8080/sub",
        "http://[::1]:80",
        "http://h/@somebody"
      ]) {
        assert.strictEqual(valueOf(yield* resolve({ baseUrl })).baseUrl, baseUrl)
      }
      for (const baseUrl of [
        "http://user:secret@host",
        "http://user:sec/ret@host",
        "http://secret@host/x",
        "http://h/?x=1",
        "http://h?x=1",
        "http://h/#x",
        "http://h/?",
        "h/user:secret@host",
        "http:\\\\user:secret@host",
        "http://a b",
        "http://"
      ]) {
        const problems = problemsOf(yield* resolve({}, { LB_BASE_URL: baseUrl }))
        assert.include(problems, "LB_BASE_URL must be a URL that begins with http:// or https://")
        assert.notInclude(problems, "secret")
      }
    })
  )

  it.effect("take a user agent that a header can hold", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        valueOf(yield* resolve({ userAgent: "Café-reader/1.0 (+https://example.org)" })).userAgent,
        "Café-reader/1.0 (+https://example.org)"
      )
      for (const userAgent of ["two\nlines", "snow ☃", "a\u0000b", "tab\tbed", "\u007f"]) {
        assert.include(
          problemsOf(yield* resolve({ userAgent })),
          "--user-agent must be one line of Latin letters, digits and punctuation that fits in an HTTP header"
        )
      }
      assert.include(problemsOf(yield* resolve({ userAgent: "" })), "--user-agent must not be empty")
    })
  )

  it.effect("say what is wrong with spaces, and never show a secret", () =>
    Effect.gen(function* () {
      assert.include(
        problemsOf(yield* resolve({}, { LB_OUT: " data" })),
        `LB_OUT must not be empty, or begin or end with a space, not " data"`
      )
      assert.strictEqual(
        problemsOf(yield* resolve({}, { LB_SALT: " pepper" })),
        "LB_SALT must not be empty, or begin or end with a space."
      )
    })
  )

  it.effect("refuse unknown keys of the file, and name the nearest known one", () =>
    Effect.gen(function* () {
      assert.include(
        problemsOf(yield* resolve({}, {}, { batchsize: 3 })),
        `"batchsize" is unknown. Did you mean "batchSize"?`
      )
      assert.include(
        problemsOf(yield* resolve({}, {}, { files: { rawRating: "x" } })),
        `Did you mean "files.rawRatings"?`
      )
      assert.include(
        problemsOf(yield* resolve({}, {}, { files: { rawRatings: 3 } })),
        `"files.rawRatings" must be a file name`
      )
      assert.include(problemsOf(yield* resolve({}, {}, { batches: [1] })), `"batches" must be a string`)
      assert.include(problemsOf(yield* resolve({}, {}, "{ not json")), "it is not a JSON object")
    })
  )

  it.effect("warn of unknown variables", () =>
    Effect.gen(function* () {
      assert.include((yield* resolve({}, { LB_BATCHSIZE: "3" })).said, "Did you mean LB_BATCH_SIZE?")
      assert.strictEqual((yield* resolve({}, { LB_BATCH_SIZE: "3" })).said, "")
    })
  )

  it.effect("keep test mode away from the real folder", () =>
    Effect.gen(function* () {
      const folder = (flags: Flags) =>
        Effect.flatMap(resolve(flags), (result) => folderOf(valueOf(result))).pipe(Effect.provide(NodeContext.layer))
      assert.strictEqual(yield* folder({}), "data_output")
      assert.strictEqual(yield* folder({ testMode: "true" }), "test_output")
      assert.strictEqual(yield* folder({ testMode: "true", out: "mine" }), "mine/test")
      assert.strictEqual(yield* folder({ testMode: "true", out: "mine/" }), "mine/test")
      for (const out of ["base/", "base///", "base"]) assert.strictEqual(yield* folder({ out }), "base")
      for (const out of ["/", "//"]) assert.strictEqual(yield* folder({ out }), "/")
      assert.strictEqual(yield* folder({ out: "/a/b/" }), "/a/b")
    })
  )

  it.effect("are repeated in the next command, quoted for a shell, which is started like this one", () =>
    Effect.gen(function* () {
      const next = (variables: Readonly<Record<string, string>>) =>
        pasteable("run --mode continue", { mode: "new", yes: "true", json: "true", out: "my data's", batches: "3" }, [
          "mode",
          "yes"
        ]).pipe(Effect.provideService(Environment, { variables }))
      const words = String.raw`lb run --mode continue --batches 3 --out 'my data'\''s' --json`
      assert.strictEqual(
        yield* next({
          npm_config_user_agent: "npm/11.1.0 node/v20.20.2",
          npm_lifecycle_event: "npx",
          npm_lifecycle_script: "lb"
        }),
        `npx ${words}`
      )
      const pnpm = { npm_config_user_agent: "pnpm/10.34.9 npm/? node/v20.20.2 linux x64", npm_command: "exec" }
      assert.strictEqual(yield* next({}), words)
      assert.strictEqual(yield* next({ npm_config_user_agent: "npm/11.1.0 node/v20.20.2" }), words)
      assert.strictEqual(yield* next(pnpm), `pnpm ${words}`)
      // npx passes these on to the program it starts.
      for (const script of ["'pnpm'", "pnpm"]) {
        assert.strictEqual(
          yield* next({ ...pnpm, npm_lifecycle_event: "npx", npm_lifecycle_script: script }),
          `npx -y pnpm@10.34.9 ${words}`
        )
      }
    })
  )

  it("has words that a shell takes as they are, and a terminal can show", () => {
    const odd = fc.constantFrom("$HOME", "`id`", "$(id)", "'", '"', "\\", "!", "\u001B[31m", "\u202E", "\n", "é", "a b")
    const words = fc.array(fc.oneof(odd, fc.string()), { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""))
    // One shell for many words: to start one takes long on a busy machine.
    fc.assert(
      fc.property(fc.array(words, { minLength: 50, maxLength: 50 }), (texts) => {
        const all = texts.map((text) => text.replaceAll("\0", "")).filter((text) => text !== "")
        const typed = all.map(quoted)
        for (const word of typed) assert.notMatch(word, /\p{C}/u)
        const script = String.raw`printf '%s\0' ${typed.join(" ")}`
        const taken = execFileSync("bash", ["-c", script], { encoding: "utf8" })
        assert.deepStrictEqual(taken.split("\0").slice(0, -1), all)
      }),
      { numRuns: 4 }
    )
  })

  it.effect("that variables set are flags in the next command: another shell does not have them", () =>
    Effect.gen(function* () {
      const next = (command: string, flags: Flags, variables: Readonly<Record<string, string>>) =>
        pasteable(command, flags, ["mode", "yes"]).pipe(Effect.provideService(Environment, { variables }))
      const variables = {
        LB_SOURCE: "sandbox",
        LB_OUT: "x y",
        LB_STORAGE: "sqlite",
        LB_STORAGE_OPTIONS: "file=a.sqlite",
        LB_STORAGE_URL: "postgres://me:secret@host/db",
        LB_SALT: "secret",
        LB_TEST_MODE: "1",
        LB_VERSIONED: "1",
        LB_MODE: "new",
        LB_YES: "true",
        LB_QUIET: "true",
        LB_RATE: "",
        LB_TO: "jsonl"
      }
      const dataset = "--storage-options file=a.sqlite --out 'x y' --test-mode"
      assert.strictEqual(
        yield* next("run --mode continue", { quiet: "true" }, variables),
        `lb run --mode continue --source sandbox --storage sqlite ${dataset} --quiet`
      )
      assert.strictEqual(
        yield* next("run --mode continue", { out: "z", storage: "csv" }, { LB_OUT: "y", LB_STORAGE: "sqlite" }),
        "lb run --mode continue --storage csv --out z"
      )
      assert.strictEqual(
        yield* next("verify --repair", {}, variables),
        `lb verify --repair --storage sqlite ${dataset}`
      )
      assert.strictEqual(
        yield* next("export", { anonymise: "true" }, variables),
        "lb export --storage-options file=a.sqlite --from sqlite --to jsonl --anonymise --out 'x y' --test-mode"
      )
      // The options of a module may hold a token.
      const module = { LB_SOURCE: "./mine.mjs", LB_SOURCE_OPTIONS: "token=secret" }
      assert.strictEqual(yield* next("user davee", {}, module), "lb user davee --source ./mine.mjs")
    })
  )
})
