import { assert, describe, it } from "@effect/vitest"
import { FileSystem, Path, Terminal } from "@effect/platform"
import { Effect, Layer } from "effect"
import * as fc from "fast-check"
import type { Command } from "../src/Command.ts"
import { type Asked, readCommandLine } from "../src/CommandLine.ts"
import { completionsOf } from "../src/Completions.ts"
import { commands } from "../src/CommandTable.ts"
import { flagOf, type OptionKey, optionKeys, optionTable } from "../src/options/OptionTable.ts"

const read = (...words: ReadonlyArray<string>): Asked =>
  Effect.runSync(readCommandLine(commands, words).pipe(Effect.provide(services)))
/** The parser asks for these and uses none of them here. */
const untouched = new Proxy({}, { get: (_, name) => assert.fail(`${String(name)} was used`) })
const services = Layer.mergeAll(
  Layer.succeed(FileSystem.FileSystem, untouched as FileSystem.FileSystem),
  Layer.succeed(Path.Path, untouched as Path.Path),
  Layer.succeed(Terminal.Terminal, untouched as Terminal.Terminal)
)
const sentenceOf = (asked: Asked): string =>
  asked._tag === "Wrong" ? asked.sentence : assert.fail(`it was read as ${asked._tag}`)
const keysOf = (command: Command): ReadonlyArray<OptionKey> => optionKeys.filter(command.takes)

const value = fc
  .oneof(fc.constantFrom("", "-1", "-x", "a=b", "a b", "http://h/?x=1", "null"), fc.string())
  .filter((text) => !text.startsWith("--") && text !== "-h")
/** A command with some of its options, each in one of the ways to type it, in any order. */
const typed = fc.constantFrom(...commands).chain((command) =>
  fc.tuple(
    fc.constant(command),
    fc.shuffledSubarray([...keysOf(command)]).chain((keys) =>
      fc.tuple(
        ...keys.map((key) =>
          optionTable[key].isSwitch
            ? fc.constant({ key, text: "true", words: [`--${flagOf(key)}`] })
            : fc.tuple(value, fc.boolean()).map(([text, isInline]) => ({
                key,
                text,
                words: isInline ? [`--${flagOf(key)}=${text}`] : [`--${flagOf(key)}`, text]
              }))
        )
      )
    ),
    fc.boolean()
  )
)

describe("a command line", () => {
  it("is read as it was typed, in whatever order and way", () => {
    fc.assert(
      fc.property(typed, ([command, options, isArgumentFirst]) => {
        const argument = command.argument === undefined ? [] : ["davee"]
        const words = options.flatMap((option) => option.words)
        const asked = read(command.name, ...(isArgumentFirst ? [...argument, ...words] : [...words, ...argument]))
        if (asked._tag !== "Run") return assert.fail(`${asked._tag}: ${JSON.stringify(words)}`)
        assert.strictEqual(asked.command, command)
        assert.deepStrictEqual(asked.given, {
          flags: Object.fromEntries(options.map(({ key, text }) => [key, text])),
          switches: new Set<string>(),
          words: argument
        })
      }),
      { numRuns: 150 }
    )
  })

  it("is read, or refused in one line of letters, whatever stands in it", () => {
    const word = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        ...optionKeys.map((key) => `--${flagOf(key)}`),
        "--",
        "-",
        "__proto__",
        "--__proto__",
        "--constructor=1",
        "\u001B[31m"
      )
    )
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 6 }),
        fc.option(fc.constantFrom("help", ...commands.map(({ name }) => name)), { nil: undefined }),
        (words, name) => {
          const asked = read(...(name === undefined ? [] : [name]), ...words)
          if (asked._tag === "Wrong") assert.match(asked.sentence, /^[^\p{C}]+ (?:lb|lb [a-z]+) --help$/u)
        }
      ),
      { numRuns: 300 }
    )
  })

  it("takes what stands behind -- as it is, whatever it looks like", () => {
    const odd = ["--odd-name.zip", "-x", "--out", "--help", "-h", "--", "a=b"]
    for (const words of [
      ["--out", "data", "plain.zip", "--", ...odd],
      ["plain.zip", "--out=data", "--", ...odd]
    ]) {
      const asked = read("import", ...words)
      if (asked._tag !== "Run") return assert.fail(`it was read as ${asked._tag}`)
      assert.deepStrictEqual(asked.given.flags, { out: "data" })
      assert.deepStrictEqual(asked.given.words, ["plain.zip", ...odd])
    }
    assert.include(sentenceOf(read("import", "--odd-name.zip")), "is not an option of lb import")
    assert.include(sentenceOf(read("run", "--", "--odd")), `takes only options, which begin with --, not "--odd"`)
    assert.include(sentenceOf(read("import", "--")), "needs a PATH")
  })

  it("names the option that was meant, for every option and one letter too few, too many or exchanged", () => {
    for (const command of commands) {
      for (const key of keysOf(command)) {
        const flag = flagOf(key)
        for (const mistyped of [`--${flag}x`, `--${flag.replaceAll("-", "")}x`, `--${flag.slice(0, 1)}${flag}`]) {
          const sentence = sentenceOf(read(command.name, mistyped, "3"))
          assert.include(sentence, `Did you mean --${flag}?`)
          assert.include(sentence, `lb ${command.name} --help`)
        }
      }
    }
    assert.include(sentenceOf(read("run", "--batchsize", "3")), "Did you mean --batch-size?")
    assert.include(sentenceOf(read("run", "--batchSize", "3")), "Did you mean --batch-size?")
    assert.include(sentenceOf(read("run", "--conc", "3")), "Did you mean --concurrency?")
  })

  it("says of every option that needs a value that it needs one", () => {
    for (const command of commands) {
      for (const key of keysOf(command).filter((one) => !optionTable[one].isSwitch)) {
        const flag = `--${flagOf(key)}`
        for (const behind of [[], ["--json"], ["--"]]) {
          const asked = read(command.name, flag, ...behind)
          assert.strictEqual(
            sentenceOf(asked),
            `${flag} needs a value: ${flag} ${optionTable[key].value}. All options: lb ${command.name} --help`
          )
        }
      }
    }
  })

  it("names the command that was meant", () => {
    for (const { name } of commands) {
      for (const mistyped of [`${name}s`, name.slice(0, -1), name.toUpperCase()]) {
        for (const words of [[mistyped], ["help", mistyped]])
          assert.include(sentenceOf(read(...words)), `Did you mean ${name}? All commands: lb --help`)
      }
    }
  })

  it("refuses what is too much or too little, in words", () => {
    assert.include(sentenceOf(read("run", "new")), `lb run takes only options, which begin with --, not "new".`)
    assert.include(sentenceOf(read("log", "one", "two")), `"two" is a second one`)
    assert.include(sentenceOf(read("import")), "lb import needs a PATH, for example lb import")
    assert.include(sentenceOf(read("run", "--mode", "new", "--mode", "continue")), "--mode is given twice")
    assert.include(sentenceOf(read("verify", "--repair", "--repair")), "--repair is given twice")
    // The parser silently drops an option in another case, and its value.
    assert.include(sentenceOf(read("run", "--OUT", "elsewhere")), "Did you mean --out?")
    assert.include(sentenceOf(read("status", "--repair")), "--repair is not an option of lb status, only of lb verify.")
    assert.include(
      sentenceOf(read("status", "--batches", "3")),
      "--batches is not an option of lb status, only of lb run."
    )
    assert.include(
      sentenceOf(read("export", "--storage", "csv")),
      "--storage is not an option of lb export; use --from."
    )
    assert.include(sentenceOf(read("--mode", "new")), "The command comes first")
    assert.include(sentenceOf(read("-v")), "Did you mean --version?")
    assert.include(sentenceOf(read("completions", "bash")), "Did you mean --completions?")
  })

  it("suggests nothing if no word is similar", () => {
    for (const words of [
      ["qwertyuiop"],
      ["run", "--qwertyuiop"],
      ["run", "--zz"],
      ["help", "zzz"],
      [""],
      ["run", "--=3"]
    ])
      assert.notInclude(sentenceOf(read(...words)), "Did you mean")
  })

  it("gives help wherever it is asked for", () => {
    for (const words of [[], ["help"], ["--help"], ["-h"]])
      assert.deepInclude(read(...words), { _tag: "Help", command: undefined })
    for (const command of commands) {
      for (const words of [
        ["help", command.name],
        [command.name, "--help"],
        [command.name, "-h"],
        [command.name, "--json", "--nonsense", "--help"]
      ]) {
        assert.deepInclude(read(...words), { _tag: "Help", command }, words.join(" "))
      }
    }
    assert.strictEqual(read("help", "completions")._tag, "CompletionsHelp")
    assert.strictEqual(read("help", "--completions")._tag, "CompletionsHelp")
  })

  it("completes no word that it rejects", () => {
    for (const shell of ["bash", "fish", "zsh"] as const) {
      const script = Effect.runSync(completionsOf(commands, shell))
      assert.notMatch(script, /wizard|log-level|[{(]sh\b/u)
      assert.match(script, /max-requests/u)
      const between = shell === "fish" ? "''," : " "
      for (const words of [
        ["new", "continue"],
        ["letterboxd", "sandbox"],
        ["csv", "sqlite"],
        ["movielens", "recbole"]
      ])
        assert.include(script, words.join(between), shell)
      // Once each: before a command only.
      if (shell === "bash") assert.strictEqual(script.match(/--(?:completions|version)(?=[ "])/gu)?.length, 2)
      else assert.strictEqual(script.match(/(?:--|-l )(?:completions|version)\b/gu)?.length, 2, shell)
    }
  })
})
