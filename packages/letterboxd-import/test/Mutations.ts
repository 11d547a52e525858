/**
 * Texts that were damaged at random, the same way for the same seed.
 */
import { PCGRandom } from "effect/Utils"

export interface Mutated {
  readonly text: string
  /** Whether only whole lines are missing, moved or repeated, the end is missing, or lines of nonsense were added. */
  readonly isByLines: boolean
}

const nonsense = [
  "",
  ",",
  ",,,,,",
  `"`,
  `"""`,
  `"a","b`,
  "\u0000\u0000",
  "nan,nan,nan,nan",
  "🎬",
  "planted review",
  "-1,-1,-1",
  "9".repeat(40),
  "x".repeat(5000)
]

const signs = [
  `"`,
  ",",
  ";",
  "\n",
  "\r",
  "\t",
  "<",
  ">",
  "&",
  "]]>",
  "<![CDATA[",
  "</item>",
  "<item>",
  "\u0000",
  "0",
  "9",
  "é",
  "&#0;",
  "<!--",
  "<!DOCTYPE x>"
]

/** Damages a text in one to three ways. */
export const mutated = (text: string, seed: number): Mutated => {
  const random = new PCGRandom(seed)
  const pick = <A>(all: ReadonlyArray<A>): A | undefined => all[random.integer(all.length)]
  let result = text
  let isByLines = true
  let isCut = false
  const ways = 1 + random.integer(3)
  for (let n = 0; n < ways; n++) {
    const lines = result.split("\n")
    // A line that was cut and is not the last one any more can look like a whole one.
    if (isCut) isByLines = false
    const line = random.integer(lines.length)
    const at = random.integer(result.length + 1)
    switch (random.integer(8)) {
      case 0:
        result = result.slice(0, at)
        isCut = true
        break
      case 1:
        result = lines.toSpliced(line, 1 + random.integer(4)).join("\n")
        break
      case 2:
        result = lines.toSpliced(line, 0, ...lines.slice(line, line + 1 + random.integer(3))).join("\n")
        break
      case 3:
        result = lines.toSpliced(line, 0, pick(nonsense) ?? "").join("\n")
        break
      case 4:
        isByLines = false
        result = result.slice(0, at) + (pick(signs) ?? "") + result.slice(at)
        break
      case 5:
        isByLines = false
        result = result.slice(0, at) + result.slice(at + 1 + random.integer(30))
        break
      case 6:
        isByLines = false
        result = result.slice(0, at) + String.fromCharCode(random.integer(256)) + result.slice(at + 1)
        break
      default:
        isByLines = false
        result = result.slice(0, at) + result.slice(random.integer(result.length + 1))
    }
  }
  return { text: result, isByLines }
}
