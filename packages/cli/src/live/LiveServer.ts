/**
 * Serves the live page on 127.0.0.1 to whoever knows its address. Nothing that a browser does, or leaves undone, holds up
 * the command: a picture that a browser is too slow for is left out.
 *
 * @since 0.1.0
 */
import { Effect, Schema, type Scope } from "effect"
import { randomBytes } from "node:crypto"
import * as http from "node:http"
import { livePage, livePolicy } from "./LivePage.ts"
import type { LivePicture } from "./LivePicture.ts"
import { answerTo } from "./LiveRequest.ts"

/**
 * The live page cannot be served.
 *
 * @since 0.1.0
 * @category errors
 */
export class LiveServerError extends Schema.TaggedError<LiveServerError>("@letterboxd-ratings/cli/LiveServerError")(
  "LiveServerError",
  { reason: Schema.Literal("PortTaken", "CannotListen"), port: Schema.Number, detail: Schema.String }
) {
  override get message(): string {
    return this.reason === "PortTaken"
      ? `The live page cannot be shown: port ${this.port} is taken. Choose another one, or leave out --ui-port.`
      : `The live page cannot be shown: ${this.detail}`
  }
}

/**
 * A live page. `address` holds the token. `show` sends a picture to the browsers that look; `end` sends the last one, and
 * closes the server.
 *
 * @since 0.1.0
 * @category models
 */
export interface LiveServer {
  readonly address: string
  readonly show: (picture: LivePicture) => Effect.Effect<void>
  readonly end: (picture: LivePicture) => Effect.Effect<void>
}

/** So many browsers can look at the same time. */
const mostViewers = 8
const mostConnections = 32
/** How long the end waits until browsers have the last picture. */
const patience = "300 millis"

const headers = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": livePolicy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  // No connection stays open that nobody uses, so that the process can end.
  Connection: "close"
}

/**
 * A token that nobody can guess, for an address.
 *
 * @since 0.1.0
 * @category constructors
 */
export const newToken: Effect.Effect<string> = Effect.sync(() => randomBytes(24).toString("base64url"))

const messageOf = (event: "picture" | "over", picture: LivePicture): string =>
  `event: ${event}\ndata: ${JSON.stringify(picture)}\n\n`

/**
 * Listens until the scope closes. `port` 0 is any free one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({
  port: wanted,
  token
}: {
  readonly port: number
  readonly token: string
}): Effect.Effect<LiveServer, LiveServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const viewers = new Set<http.ServerResponse>()
    let latest = ""
    let port = wanted

    const server = http.createServer(
      { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000, maxHeaderSize: 8192 },
      (request, response) => {
        const { headersDistinct, method, url } = request
        const answer = answerTo(
          { port, token },
          {
            method,
            target: url,
            hosts: headersDistinct["host"] ?? [],
            origins: headersDistinct["origin"] ?? [],
            sites: headersDistinct["sec-fetch-site"] ?? []
          }
        )
        if (answer === "refused") return void response.writeHead(403, headers).end()
        const isRead = method === "GET"
        if (answer === "page") {
          response.writeHead(200, { ...headers, "Content-Type": "text/html; charset=utf-8" })
          return void response.end(isRead ? livePage : undefined)
        }
        if (viewers.size >= mostViewers) return void response.writeHead(503, headers).end()
        response.writeHead(200, { ...headers, "Content-Type": "text/event-stream" })
        if (!isRead) return void response.end()
        viewers.add(response)
        response.once("close", () => viewers.delete(response))
        response.write(latest === "" ? ":\n\n" : latest)
      }
    )
    server.maxConnections = mostConnections
    const close = Effect.sync(() => {
      server.close()
      // A browser takes what is cut off for a fault.
      for (const viewer of viewers) if (!viewer.writableNeedDrain) viewer.end()
      server.closeAllConnections()
    })
    yield* Effect.acquireRelease(
      Effect.async<void, LiveServerError>((resume) => {
        server.once("error", (error: NodeJS.ErrnoException) =>
          resume(
            new LiveServerError({
              reason: error.code === "EADDRINUSE" ? "PortTaken" : "CannotListen",
              port,
              detail: error.message
            })
          )
        )
        server.listen(port, "127.0.0.1", () => resume(Effect.void))
      }),
      () => close
    )
    // What goes wrong later is no matter of the command.
    server.on("error", () => undefined)
    const bound = server.address()
    if (bound !== null && typeof bound !== "string") port = bound.port

    return {
      address: `http://127.0.0.1:${port}/${token}/`,
      show: (picture) =>
        Effect.sync(() => {
          const message = messageOf("picture", picture)
          if (message === latest) return
          latest = message
          for (const viewer of viewers) if (!viewer.writableNeedDrain) viewer.write(message)
        }),
      end: (picture) =>
        Effect.forEach(
          viewers,
          (viewer) =>
            viewer.writableNeedDrain
              ? Effect.void
              : Effect.async<void>((resume) => {
                  viewer.once("close", () => resume(Effect.void))
                  viewer.end(messageOf("over", picture))
                }),
          { concurrency: "unbounded", discard: true }
        ).pipe(
          // Also where the command itself is not interrupted any more.
          Effect.interruptible,
          Effect.timeoutOption(patience),
          Effect.zipRight(close)
        )
    }
  })
