/**
 * `lb status`: what a dataset contains.
 *
 * @since 0.1.0
 */
import { membersAlike, RatingsStorage } from "@letterboxd-ratings/core"
import { NodeProcessTable } from "@letterboxd-ratings/storage-folder/node"
import { Effect, Option } from "effect"
import prettyBytes from "pretty-bytes"
import { countsOf } from "../DatasetCounts.ts"
import { missingPagesIn } from "../MissingPages.ts"
import { optionKeys } from "../options/OptionTable.ts"
import { type Flags, folderOf, pasteable, resolveSettings } from "../options/Settings.ts"
import { storageOf } from "../plugins/Storages.ts"
import { alikeWords } from "../progress/AlikeWords.ts"
import { Screen } from "../Screen.ts"
import { grouped, printable } from "../Shown.ts"
import { endWithError, endWithInvalid } from "../CommandEnding.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const status = (flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const settings = yield* resolveSettings(flags)
    const folder = yield* folderOf(settings)
    const layer = yield* storageOf(settings, folder, { memberFiles: false })
    const { place, summary } = yield* Effect.flatMap(RatingsStorage, (storage) =>
      Effect.map(storage.inspect, (summary) => ({ place: storage.place, summary }))
    ).pipe(Effect.provide(layer))
    const counts = countsOf(summary)
    // A run must repeat what the dataset was created with.
    const created = Object.fromEntries(
      optionKeys.flatMap((key) => {
        const text = summary.options?.[key]
        return text === undefined || text === String(settings[key]) ? [] : [[key, text] as const]
      })
    )
    const resume = yield* pasteable("run --mode continue", { ...created, ...flags }, ["json"])
    // A dataset does not say where its members come from.
    const source = settings.said.has("source")
      ? ""
      : " (add --source and its options if the members are not from letterboxd.com)"
    const next = `${
      counts.partial === 0
        ? "Add members"
        : counts.partial === 1
          ? "1 member is partial. Complete it"
          : `${counts.partial} members are partial. Complete them`
    } with: ${resume}${source}`
    const alike = membersAlike(summary.state.members.values())
    const missingPages = Option.getOrUndefined(yield* missingPagesIn(folder))
    if (settings.json) {
      const pages = missingPages === undefined ? {} : { missingPages }
      return yield* screen.out(`${JSON.stringify({ place, ...counts, next, alike, ...pages })}\n`)
    }
    const number = (n: number) => grouped(n)
    const rows: ReadonlyArray<readonly [string, string]> = [
      ["members", number(counts.users)],
      ["  complete", number(counts.sealed)],
      ["  partial", number(counts.partial)],
      ["  gone", number(counts.gone)],
      ["  private", number(counts.private)],
      ["  renamed", number(counts.renamed)],
      ["  not verified (imported)", number(counts.unproven)],
      ...(counts.forgotten === 0 ? [] : [["left out (lb forget)", number(counts.forgotten)] as const]),
      ["films", number(counts.films)],
      ["ratings", number(counts.ratings)],
      ["size", prettyBytes(counts.bytes)],
      ["last commit", counts.lastCommit]
    ]
    const width = Math.max(...rows.map(([name]) => name.length))
    const values = Math.max(...rows.map(([, value]) => value.length))
    const table = rows.map(([name, value]) => `${name.padEnd(width)}  ${value.padStart(values)}`)
    const pages = missingPages === undefined ? "" : `Pages to save, as links: ${printable(missingPages)}\n`
    yield* screen.out(`${place}\n${table.join("\n")}\n${alikeWords(alike)}${pages}${next}\n`)
  }).pipe(
    Effect.provide(NodeProcessTable.layer),
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      StorageError: (error) => endWithError(error, { command: "status", flags })
    })
  )
