import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FilmId, ImportError, Username } from "@letterboxd-ratings/core"
import { feedPage, filmsInFeed, generateWorld, plantedReview, type WorldMember } from "@letterboxd-ratings/fixtures"
import { DateTime, Effect, Either } from "effect"
import * as fc from "fast-check"
import { feed, type ImportOptions, logEntriesOf } from "../src/index.ts"
import { candidateOf, folderWith, itemsOf, knownFilms, noFilms, noOptions } from "./ImportedItems.ts"

const world = generateWorld({ seed: 3, members: 12, mostFilms: 400, private: [], gone: [], renamed: [] })
const memberAt = (place: number): WorldMember => {
  const member = world.members[place]
  if (member === undefined) throw new Error(`no member ${place}`)
  return member
}

const provide = Effect.provide(NodeContext.layer)

const readFeed = (text: string | Uint8Array, options: ImportOptions = noOptions, films = noFilms) =>
  Effect.gen(function* () {
    const folder = yield* folderWith({ "rss.xml": text })
    return yield* itemsOf(feed, [`${folder}/rss.xml`], options, films)
  })

const entriesIn = ({ members }: Effect.Effect.Success<ReturnType<typeof itemsOf>>) =>
  members.flatMap(({ list }) => (list._tag === "Entries" ? list.entries : []))

interface Parts {
  readonly slug?: string
  readonly link?: string
  readonly guid?: string
  readonly pubDate?: string
  readonly rating?: string
  readonly more?: string
  readonly poster?: number
  readonly description?: string
}

const item = ({
  description,
  guid = "letterboxd-watch-1",
  link,
  more = "",
  poster,
  pubDate,
  rating,
  slug = "rocky"
}: Parts) =>
  `<item><title>t</title><link>${link ?? `https://letterboxd.com/ann/film/${slug}/`}</link><guid isPermaLink="false">${guid}</guid>
<pubDate>${pubDate ?? "Mon, 28 Sep 2026 08:26:39 +1300"}</pubDate>${rating === undefined ? "" : `<letterboxd:memberRating>${rating}</letterboxd:memberRating>`}${more}
<description>${description ?? `<![CDATA[ <p><img src="https://a.ltrbxd.com/resized/film-poster/${[...`${poster}`].join("/")}/${poster}-x.jpg"/></p> ${plantedReview} ]]>`}</description></item>`

const rss = (...items: ReadonlyArray<string>) =>
  `<?xml version='1.0' encoding='utf-8'?><rss xmlns:letterboxd="https://letterboxd.com" xmlns:tmdb="https://themoviedb.org" version="2.0"><channel><title>x</title>${items.join("\n")}</channel></rss>`

describe("feed", () => {
  it.scoped("reads all that a feed of the site tells", () =>
    Effect.gen(function* () {
      for (const place of [0, 3, 4]) {
        const member = memberAt(place)
        const films = member.films.slice(0, filmsInFeed)
        const known = knownFilms(films.map(({ film }) => [film.slug, FilmId.make(film.id)]))
        const text = feedPage(member)
        const read = yield* readFeed(text, noOptions, known)
        assert.deepStrictEqual(read.refused, [])
        assert.strictEqual(read.members[0]?.username as string, member.username)
        assert.strictEqual(read.members[0]?.source, "feed")
        const entries = entriesIn(read)
        assert.deepStrictEqual(
          entries
            .map(
              ({ watched }) =>
                `${watched.film.id} ${watched.film.slug} ${watched.film.title} ${watched.film.year} ${watched.rating}`
            )
            .toSorted(),
          films.map(({ film, rating }) => `${film.id} ${film.slug} ${film.title} ${film.year} ${rating}`).toSorted()
        )
        for (const { watched } of entries) {
          const n = films.findIndex(({ film }) => film.id === (watched.film.id as number))
          assert.strictEqual(watched.liked, films[n]?.liked === true)
          assert.strictEqual(watched.film.tmdbId as number | undefined, n % 13 === 12 ? undefined : watched.film.id + 5)
          assert.strictEqual(watched.ratedOn === undefined, watched.rating === undefined)
        }
        const times = entries.map(({ at }) => DateTime.toEpochMillis(at))
        assert.deepStrictEqual(
          times,
          times.toSorted((a, b) => a - b)
        )
        assert.strictEqual(read.members[0] && DateTime.formatIso(read.members[0].readAt), "2026-09-27T19:26:39.000Z")
        const again = films.filter((_, n) => n % 10 === 7).length
        assert.deepStrictEqual(read.read[0]?.counts, {
          members: 1,
          entries: films.length,
          ratings: films.filter(({ rating }) => rating !== undefined).length,
          watched: films.filter(({ rating }) => rating === undefined).length,
          withoutNumber: 0,
          notDecoded: 0,
          ignored: again + 2
        })
        assert.notInclude(JSON.stringify(read.items), plantedReview)
      }
    }).pipe(provide)
  )

  it.scoped("keeps entries aside whose film has no number", () =>
    Effect.gen(function* () {
      const member = memberAt(0)
      const read = yield* readFeed(feedPage(member))
      const custom = member.films.slice(0, filmsInFeed).filter((_, n) => n % 17 === 16)
      const rated = custom.filter(({ rating }) => rating !== undefined)
      assert.isNotEmpty(rated)
      assert.deepStrictEqual(
        read.aside.map(({ halfStars, slug }) => `${slug} ${halfStars / 2}`).toSorted(),
        rated.map(({ film, rating }) => `${film.slug} ${rating}`).toSorted()
      )
      assert.strictEqual(read.read[0]?.counts.withoutNumber, custom.length)
      assert.strictEqual(entriesIn(read).length, filmsInFeed - custom.length)
    }).pipe(provide)
  )

  it.scoped("tells the day in the zone of the feed, and the time in UTC", () =>
    Effect.gen(function* () {
      const read = yield* readFeed(
        rss(
          item({
            poster: 51090,
            rating: "4.0",
            more: "<letterboxd:filmTitle>A &amp; B &#039;&#x2019; &copy;</letterboxd:filmTitle>"
          })
        )
      )
      const [entry] = entriesIn(read)
      assert.strictEqual(entry && DateTime.formatIso(entry.at), "2026-09-27T19:26:39.000Z")
      assert.deepStrictEqual({ ...entry?.watched } as object, {
        film: { id: 51090, slug: "rocky", title: "A & B '’ &copy;" },
        rating: 4,
        ratedOn: "2026-09-28"
      })
    }).pipe(provide)
  )

  it.scoped("counts an entry and its review once, and the newest rating of a film", () =>
    Effect.gen(function* () {
      const read = yield* readFeed(
        rss(
          item({
            poster: 7,
            guid: "letterboxd-watch-30",
            pubDate: "Wed, 30 Sep 2026 08:00:00 +1300",
            link: "https://letterboxd.com/Ann/film/rocky/2/"
          }),
          item({
            poster: 7,
            guid: "letterboxd-review-20",
            pubDate: "Tue, 29 Sep 2026 08:00:00 +1300",
            rating: "3.5",
            link: "https://letterboxd.com/Ann/film/rocky/1/"
          }),
          item({ poster: 7, guid: "letterboxd-watch-20", pubDate: "Tue, 29 Sep 2026 07:00:00 +1300", rating: "3.0" }),
          item({
            guid: "letterboxd-watch-10",
            pubDate: "Mon, 28 Sep 2026 08:00:00 +1300",
            rating: "1.0",
            description: ""
          }),
          item({ poster: 8, slug: "alien", guid: "letterboxd-watch-5" })
        )
      )
      const entries = entriesIn(read)
      assert.deepStrictEqual(
        entries.map(({ watched }) => [
          watched.film.id as number,
          watched.rating as number | undefined,
          watched.ratedOn as string | undefined
        ]),
        [
          [8, undefined, undefined],
          [7, 3.5, "2026-09-29"]
        ]
      )
      assert.strictEqual(entries[1] && DateTime.formatIso(entries[1].at), "2026-09-28T19:00:00.000Z")
      assert.strictEqual(read.members[0] && DateTime.formatIso(read.members[0].readAt), "2026-09-29T19:00:00.000Z")
      assert.strictEqual(read.read[0]?.counts.ignored, 3)
    }).pipe(provide)
  )

  it.scoped("counts items that cannot be read, and reads the others", () =>
    Effect.gen(function* () {
      const read = yield* readFeed(
        rss(
          item({ poster: 1, rating: "4" }),
          item({ poster: 1, rating: "5.5" }),
          item({ poster: 1, rating: "0.0" }),
          item({ poster: 1, rating: "" }),
          item({ poster: 1, rating: "4.0</letterboxd:memberRating><letterboxd:memberRating>3.0" }),
          item({ poster: 1, pubDate: "Mon, 31 Feb 2026 08:00:00 +1300" }),
          item({ poster: 1, guid: "other" }),
          item({ link: "https://boxd.it/abc", description: "" }),
          item({ poster: 2, rating: "4.0", guid: "letterboxd-watch-9" }),
          item({ guid: "letterboxd-list-3", link: "https://letterboxd.com/bob_b/list/x/" })
        )
      )
      assert.strictEqual(read.read[0]?.counts.notDecoded, 8)
      assert.include(read.read[0]?.notes.join(), "the first is item 1.")
      assert.deepStrictEqual(
        entriesIn(read).map(({ watched }) => watched.film.id as number),
        [2]
      )
    }).pipe(provide)
  )

  it.scoped("believes no poster in the words of a review", () =>
    Effect.gen(function* () {
      const read = yield* readFeed(
        rss(
          item({
            description: `<![CDATA[ <p>${plantedReview} <img src="https://a.ltrbxd.com/resized/film-poster/5/51-x.jpg"/></p> ]]>`,
            rating: "2.0"
          })
        )
      )
      assert.deepStrictEqual(entriesIn(read), [])
      assert.strictEqual(read.aside[0]?.slug as string | undefined, "rocky")
    }).pipe(provide)
  )

  it.scoped("takes the name of links, or the one that the user gives, and refuses two", () =>
    Effect.gen(function* () {
      const unnamed = rss(item({ poster: 3, rating: "4.0", link: "https://boxd.it/abc" }))
      assert.strictEqual((yield* readFeed(unnamed)).refused[0]?.reason, "NoName")
      const as = Username.make("someone")
      const given = { ...noOptions, as: Effect.succeed(as) }
      assert.strictEqual((yield* readFeed(unnamed, given)).members[0]?.username, as)
      const named = yield* readFeed(rss(item({ poster: 3 })), given)
      assert.strictEqual(named.members[0]?.username as string | undefined, "ann")
      const two = yield* readFeed(
        rss(
          item({ poster: 3 }),
          item({ guid: "letterboxd-watch-2", poster: 3, link: "https://letterboxd.com/bob_b/film/x/" })
        )
      )
      assert.strictEqual(two.refused[0]?.reason, "Damaged")
      const local = { ...noOptions, baseUrls: ["http://127.0.0.1:80"] }
      const other = rss(item({ poster: 3, link: "http://127.0.0.1:80/ann/film/rocky/" }))
      assert.strictEqual((yield* readFeed(other, local)).members[0]?.username as string | undefined, "ann")
      assert.strictEqual((yield* readFeed(other)).refused[0]?.reason, "NoName")
    }).pipe(provide)
  )

  it.scoped("refuses what is cut, no feed, too large, or declares entities", () =>
    Effect.gen(function* () {
      const whole = feedPage(memberAt(0))
      const reasonOf = (text: string | Uint8Array) => Effect.map(readFeed(text), ({ refused }) => refused[0]?.reason)
      assert.strictEqual(yield* reasonOf(whole.slice(0, whole.length / 2)), "Damaged")
      assert.strictEqual(yield* reasonOf(whole.slice(0, whole.lastIndexOf("</rss>"))), "Damaged")
      assert.strictEqual(yield* reasonOf("<html></html>"), "Invalid")
      assert.strictEqual(yield* reasonOf("words"), "Damaged")
      assert.strictEqual(yield* reasonOf(Uint8Array.from([0x3c, 0xff])), "Damaged")
      const laughs = [..."abcdefghij"].map(
        (name, n) => `<!ENTITY ${name} "${n === 0 ? "lol" : `&${"abcdefghij"[n - 1]};`.repeat(10)}">`
      )
      const bomb = whole.replace("<rss", `<!DOCTYPE lolz [${laughs.join("")}]><rss`).replace("<title>", "<title>&j;")
      assert.strictEqual(yield* reasonOf(bomb), "Invalid")
      const outer = whole.replace("<rss", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><rss`)
      assert.strictEqual(yield* reasonOf(outer), "Invalid")
      assert.strictEqual(yield* reasonOf(rss(...Array.from({ length: 1001 }, () => "<item/>"))), "TooLarge")
      assert.strictEqual(yield* reasonOf(rss("<a>".repeat(100_000) + "</a>".repeat(100_000))), "TooLarge")
      assert.strictEqual(yield* reasonOf(rss("<a/>".repeat(200_000))), "TooLarge")
      assert.strictEqual(yield* reasonOf(rss(" ".repeat(17_000_000))), "TooLarge")
      const opened = yield* Effect.timed(readFeed("<![CDATA[".repeat(1_500_000)))
      assert.strictEqual(opened[1].refused[0]?.reason, "Damaged")
    }).pipe(provide)
  )

  it.scoped("is recognised by its namespace", () =>
    Effect.gen(function* () {
      const folder = yield* folderWith({
        "a.xml": feedPage(memberAt(0)),
        "b.xml": `<?xml version="1.0"?><rss version="2.0"><channel/></rss>`,
        "c.csv": "a,b\n"
      })
      assert.isTrue(feed.recognises(yield* candidateOf(`${folder}/a.xml`)))
      for (const other of ["", "b.xml", "c.csv"])
        assert.isFalse(feed.recognises(yield* candidateOf(`${folder}/${other}`)))
      const empty = yield* readFeed(
        `<rss xmlns:letterboxd="https://letterboxd.com"><channel><link>https://letterboxd.com/ann/</link></channel></rss>`
      )
      assert.deepStrictEqual(empty.tags, ["Found", "Read"])
    }).pipe(provide)
  )
})

describe("logEntriesOf", () => {
  it.prop(
    "gives back each entry that was written",
    [
      fc.uniqueArray(
        fc.record({
          n: fc.integer({ min: 1, max: 999_999_999_999 }),
          isReview: fc.boolean(),
          slug: fc.stringMatching(/^[a-z0-9-]{1,20}$/u),
          film: fc.integer({ min: 1, max: 2_147_483_647 }),
          halfStars: fc.integer({ min: 0, max: 10 }),
          minutes: fc.integer({ min: 0, max: 20_000_000 })
        }),
        { selector: ({ n }) => n, maxLength: 20 }
      )
    ],
    ([entries]) => {
      const text = rss(
        ...entries.map(({ film, halfStars, isReview, minutes, n, slug }) =>
          item({
            guid: `letterboxd-${isReview ? "review" : "watch"}-${n}`,
            slug,
            poster: film,
            pubDate: new Date(Date.UTC(2000, 0, 1) + minutes * 60_000).toUTCString(),
            ...(halfStars === 0 ? {} : { rating: (halfStars / 2).toFixed(1) })
          })
        )
      )
      const read = Either.getOrThrow(logEntriesOf("f", text))
      assert.strictEqual(read.notDecoded, 0)
      assert.deepStrictEqual(
        read.entries.map(({ at, entryNumber, filmId, rating, slug }) => [
          entryNumber,
          slug as string | undefined,
          filmId as number | undefined,
          (rating ?? 0) * 2,
          DateTime.toEpochMillis(at)
        ]),
        entries.map(({ film, halfStars, minutes, n, slug }) => [
          n,
          slug,
          film,
          halfStars,
          Date.UTC(2000, 0, 1) + minutes * 60_000
        ])
      )
    }
  )

  it.prop("never throws, and quotes nothing of what it refuses", [fc.string({ maxLength: 300 })], ([text]) => {
    const read = logEntriesOf("place", text)
    if (Either.isLeft(read)) assert.instanceOf(read.left, ImportError)
  })
})
