/**
 * A dataset whose titles and sources would take over a page that lets them.
 */
import { filled, type GivenMember } from "./ReportedDataset.ts"

/** What titles do on a page that takes them for HTML, for a style, or for the end of something. */
export const hostile = [
  `<script>globalThis.ran = true</script>`,
  `"><img src=x onerror="globalThis.ran = true">`,
  `'><svg onload='globalThis.ran = true'>`,
  `</style></title><body onload=alert(1)>`,
  `]]><!--`,
  `&lt;b&gt; &amp;amp; &#60;script&#62;`,
  `\u202Egnp.exe \u2066backwards`,
  `${"very ".repeat(350)}long`,
  `{{7*7}} \${7*7} <%= 7 %>`,
  `javascript:alert(1)`
]

/** Members who all rated films with hostile titles, enough for every picture and list. */
export const hostileMembers: ReadonlyArray<GivenMember> = Array.from({ length: 30 }, (_, i) => ({
  name: `member_${i}`,
  ratings: Array.from({ length: 30 }, (_, n) => ({
    film: { id: n + 1, slug: `film-${n}"><script>`, title: hostile[n % hostile.length] ?? "", year: 1900 + n * 4 },
    stars: ((i * 7 + n * 3 + ((i * n) % 5)) % 10) / 2 + 0.5,
    ratedOn: `2025-${String((n % 12) + 1).padStart(2, "0")}-15`,
    liked: n % 3 === 0
  })),
  record: { source: `<script>globalThis.ran = true</script>` }
}))
export const hostileDataset = filled((commit) => commit(1, hostileMembers, ["rated_on", "liked", "provenance"]))
