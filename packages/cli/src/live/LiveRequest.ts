/**
 * Which requests the live page answers.
 *
 * @since 0.1.0
 */
import { createHash, timingSafeEqual } from "node:crypto"

/**
 * What is judged of a request: its method, its target as it was sent, and each value of the headers `Host`, `Origin` and
 * `Sec-Fetch-Site`.
 *
 * @since 0.1.0
 * @category models
 */
export interface LiveRequest {
  readonly method: string | undefined
  readonly target: string | undefined
  readonly hosts: ReadonlyArray<string>
  readonly origins: ReadonlyArray<string>
  readonly sites: ReadonlyArray<string>
}

/** Takes the same time whatever is in the texts, so that nobody learns from it how much of a guess is right. */
const isSame = (one: string, other: string): boolean => {
  const [a, b] = [one, other].map((text) => createHash("sha256").update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}

/**
 * What a request gets: the page, its events, or nothing. `port` is the one that is listened on. Anything that a page of
 * another site can make a browser send is refused, whatever the token: a name of another host that leads here, another
 * origin, a method that is not for reading.
 *
 * @since 0.1.0
 * @category constructors
 */
export const answerTo = (
  { port, token }: { readonly port: number; readonly token: string },
  { hosts, method, origins, sites, target = "" }: LiveRequest
): "page" | "events" | "refused" => {
  const [host = "", ...otherHosts] = hosts
  const [, given = "", name] = /^\/([^/?#]+)\/(events)?$/u.exec(target) ?? []
  const isOwn =
    isSame(given, token) &&
    (method === "GET" || method === "HEAD") &&
    otherHosts.length === 0 &&
    (host === `127.0.0.1:${port}` || host === `localhost:${port}`) &&
    origins.every((origin) => origin === `http://${host}`) &&
    sites.every((site) => site === "same-origin" || site === "none")
  if (!isOwn) return "refused"
  return name === undefined ? "page" : "events"
}
