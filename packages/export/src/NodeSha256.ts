/**
 * SHA-256 as Node computes it.
 *
 * @since 0.1.0
 * @module
 */
import { Layer } from "effect"
import { createHash } from "node:crypto"
import { Sha256 } from "./Sha256.ts"

/**
 * Sums up files several times as fast as JavaScript does.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never> = Layer.succeed(Sha256, {
  make: () => {
    const hash = createHash("sha256")
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") }
  }
})
