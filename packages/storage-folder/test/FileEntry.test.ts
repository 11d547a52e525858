import { assert, describe, it } from "@effect/vitest"
import { crc32Of } from "@letterboxd-ratings/storage-folder"
import * as fc from "fast-check"

describe("the checksum of a file", () => {
  it("is that of CRC-32", () => {
    assert.strictEqual(crc32Of(new TextEncoder().encode("123456789")), "cbf43926")
    assert.strictEqual(crc32Of(new Uint8Array()), "00000000")
  })

  it("is the same in whatever parts the bytes come, empty ones too", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (parts) => {
        const whole = Uint8Array.from(parts.flatMap((part) => [...part]))
        assert.strictEqual(
          parts.reduce<string | undefined>((before, part) => crc32Of(part, before), undefined) ?? "00000000",
          crc32Of(whole)
        )
      })
    )
  })
})
