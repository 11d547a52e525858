/**
 * The requests themselves: `fetch`, made for pages.
 *
 * @since 0.1.0
 * @module
 */
import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { Layer } from "effect"
import { largestBody } from "./HttpPolicy.ts"

/** A body up to its end, or a little more than the largest one that is read. */
const readUpTo = async (most: number, body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> => {
  const parts: Array<Uint8Array> = []
  const reader = body.getReader()
  let length = 0
  while (length <= most) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    parts.push(value)
  }
  if (length > most) await reader.cancel()
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const broken = (error: unknown): ReadableStream =>
  new ReadableStream({
    start: (controller) => {
      controller.error(error)
    }
  })

/** These a `Response` can be made of. */
const isUsual = (status: number): boolean => status >= 200 && status < 600

/** Reads the body here: in a stream, each part of 16 kB would be some dozens of effects. */
const fetchWhole: typeof globalThis.fetch = async (input, init) => {
  const response = await globalThis.fetch(input, init)
  const { body, status, statusText } = response
  if (body === null || !isUsual(status)) return response
  const headers = new Headers(response.headers)
  // The body is decoded, and whole.
  headers.delete("content-encoding")
  headers.delete("content-length")
  try {
    const whole = await readUpTo(largestBody, body)
    headers.set("content-length", String(whole.length))
    return new Response(whole, { status, statusText, headers })
  } catch (error) {
    return new Response(broken(error), { status, statusText, headers })
  }
}

/**
 * `fetch` as a transport for an `HttpPolicy`: it follows no redirects, because where they lead is evidence, and it reads a
 * body as one part, of at most a little more than `HttpPolicy.largestBody` bytes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<HttpClient.HttpClient> = FetchHttpClient.layer.pipe(
  Layer.provide(
    Layer.merge(
      Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }),
      Layer.succeed(FetchHttpClient.Fetch, fetchWhole)
    )
  )
)
