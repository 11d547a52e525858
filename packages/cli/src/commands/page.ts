/**
 * `lb page`: what one page is, as a bug report needs it.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform"
import { errorFromVerdict, LetterboxdSource, type PageResponse } from "@letterboxd-ratings/letterboxd-source"
import { Effect, Either } from "effect"
import { endWith, endWithInvalid } from "../CommandEnding.ts"
import { exitCodeOfSourceError, InvalidSettings } from "../ExitCode.ts"
import { type Flags, resolveSettings, type Settings } from "../options/Settings.ts"
import { askForPage } from "../plugins/Sites.ts"
import { Screen } from "../Screen.ts"
import { printable, shown } from "../Shown.ts"
import { warn } from "../StartRun.ts"

const invalid = (problem: string) => new InvalidSettings({ problems: [problem] })

const isAddress = (text: string): boolean => /^[a-z][a-z\d+.-]*:\/\//iu.test(text)

/** Letterboxd's pages over HTTP and without `www` are the same ones. */
const liveHost = /^https?:\/\/(?:www\.)?letterboxd\.com(?=[/?#]|$)/iu

/** The address to ask for, if it is one of the site. Nothing else is asked for. */
const siteAddress = ({ baseUrl, said }: Settings, text: string): Effect.Effect<string, InvalidSettings> => {
  const base = (baseUrl ?? LetterboxdSource.liveSite).replace(/\/+$/u, "")
  const written = baseUrl === undefined ? text.replace(liveHost, base) : text
  const url = URL.canParse(written) ? new URL(written) : undefined
  const prefix = `${new URL(base).pathname.replace(/\/$/u, "")}/`
  if (url === undefined || url.origin !== new URL(base).origin || !url.pathname.startsWith(prefix))
    return invalid(
      `lb page asks only ${base}${said.has("baseUrl") ? "" : " (or the site at --base-url)"}, not ${shown(text)}. It also reads a file that holds a page.`
    )
  if (url.username !== "" || url.password !== "")
    return invalid("The address has a user name or a password in it. Leave it out.")
  url.hash = ""
  return Effect.succeed(url.href)
}

const asked = (settings: Settings, text: string) =>
  Effect.gen(function* () {
    const url = yield* siteAddress(settings, text)
    yield* warn({ ...settings, source: undefined })
    const answer = yield* askForPage(settings, url)
    // There was no answer, or none that can be shown.
    return Either.isRight(answer)
      ? answer.right
      : yield* errorFromVerdict({ source: "letterboxd", url, subject: "the page" }, answer.left)
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const page = (text: string, flags: Flags) =>
  Effect.gen(function* () {
    const screen = yield* Screen
    const fs = yield* FileSystem.FileSystem
    const settings = yield* resolveSettings(flags)
    const { judgedPage } = yield* Effect.promise(() => import("../page/JudgedPage.ts"))
    const { readPageFile } = yield* Effect.promise(() => import("../page/SavedPage.ts"))
    const isFile = !isAddress(text) && (yield* Effect.orElseSucceed(fs.exists(text), () => false))
    const isOfSite = isAddress(text) || (!isFile && liveHost.test(`https://${text}`))
    const baseUrls = settings.baseUrl === undefined ? [] : [settings.baseUrl.replace(/\/+$/u, "")]
    const response: PageResponse = isOfSite
      ? yield* asked(settings, isAddress(text) ? text : `https://${text}`)
      : yield* readPageFile(text, baseUrls)
    const judged = judgedPage(isOfSite ? response.url : text, response, baseUrls)
    const lines = settings.json ? [JSON.stringify(judged.json)] : judged.lines(yield* screen.width)
    yield* screen.out(lines.map((line) => `${line}\n`).join(""))
  }).pipe(
    Effect.catchTags({
      InvalidSettings: endWithInvalid,
      ImportError: ({ message }) => endWith(1, printable(message)),
      SourceError: ({ message, reason }) => endWith(exitCodeOfSourceError(reason), message)
    })
  )
