/**
 * SHA-256 of what is too large to be held at once.
 *
 * @since 0.1.0
 */
import { sha256 } from "@noble/hashes/sha2"
import { bytesToHex } from "@noble/hashes/utils"
import { Context } from "effect"

/**
 * A sum that grows. `update` adds bytes, and reads them before it returns. `hex` gives the sum of all of them, once, in
 * small letters.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunningSha256 {
  readonly update: (bytes: Uint8Array) => void
  readonly hex: () => string
}

/**
 * How exports sum up their files. Where nothing is provided, it is done in JavaScript, which every platform runs;
 * `NodeSha256.layer` of `@letterboxd-ratings/export/node` is several times as fast.
 *
 * @since 0.1.0
 * @category services
 */
export class Sha256 extends Context.Reference<Sha256>()("@letterboxd-ratings/export/Sha256", {
  defaultValue: (): { readonly make: () => RunningSha256 } => ({
    make: () => {
      const hash = sha256.create()
      return { update: (bytes) => void hash.update(bytes), hex: () => bytesToHex(hash.digest()) }
    }
  })
}) {}
