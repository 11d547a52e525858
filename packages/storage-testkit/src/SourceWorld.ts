/**
 * The world a source is tested against, as plain data.
 *
 * @since 0.1.0
 */
import { Username, WatchedFilm } from "@letterboxd-ratings/core"
import { Schema } from "effect"

/**
 * What is to be said of a member: their films, that they are private, that there is no such member (though the members
 * list still names them), or that they have another name now.
 *
 * @since 0.1.0
 * @category models
 */
export type SourceWorldState = "public" | "private" | "gone" | { readonly renamedTo: Username }

/**
 * A member, with the films on their list in the order of its parts. Nobody gets to see the films of a private member;
 * those of a renamed one are found under the new name.
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceWorldMember {
  readonly username: Username
  readonly state: SourceWorldState
  readonly films: ReadonlyArray<WatchedFilm>
}

/**
 * Members in order of popularity, all of them on the members list by the names they have here. A part of a list holds
 * `filmsPerPart` films.
 *
 * @since 0.1.0
 * @category models
 */
export interface SourceWorld {
  readonly filmsPerPart: number
  readonly members: ReadonlyArray<SourceWorldMember>
}

const username = Schema.decodeUnknownSync(Username)
const watchedFilm = Schema.decodeUnknownSync(WatchedFilm)

/** How many members there are. */
const population = 100

/** Films whose slugs and titles careless readers take for something else, or break on. */
const oddFilms: ReadonlyArray<{ readonly slug: string; readonly title: string; readonly year?: number }> = [
  { slug: "null", title: "Null", year: 2017 },
  { slug: "nan", title: "NaN", year: 2021 },
  { slug: "1984", title: "1984", year: 1956 },
  { slug: "true", title: "true" },
  { slug: "1e3", title: "1e3", year: 2003 },
  { slug: "__proto__", title: "__proto__", year: 2001 },
  { slug: "me-myself-and-irene", title: `Me, Myself & "Irene"`, year: 2000 },
  { slug: "bold", title: "<b>Bold</b> &amp; 'Brave'", year: 2012 },
  { slug: "die-blechtrommel", title: "Die Blechtrommel – Äöü ß", year: 1979 },
  { slug: "monogatari", title: "東京物語 🎬" }
]

/** The `i`th film of the world. Ids go up and down, so that an order by id shows. */
const filmAt = (i: number) => ({
  id: 20_000 + ((i * 611_953) % 1_000_003),
  ...(oddFilms[i] ?? { slug: `film-${i}`, title: `Film No. ${i}`, ...(i % 9 === 0 ? {} : { year: 1930 + (i % 95) }) })
})

/**
 * A list of `count` films, other ones for each `place`: every rating there is, films without one, and some that are liked.
 */
const filmsOf = (place: number, count: number): ReadonlyArray<WatchedFilm> =>
  Array.from({ length: count }, (_, i) => {
    const halfStars = (i + place) % 11
    const rating = halfStars === 0 ? {} : { rating: halfStars / 2 }
    return watchedFilm({ film: filmAt(i + place * 3), ...rating, liked: (i + place) % 4 === 0 })
  })

/**
 * A world of 100 members, for parts of `filmsPerPart` films (at least 2). Among the first of them are lists of 0 films,
 * of 1, of one full part and one film more, of two full parts, of two parts and a rest (with 72 films a part: 72, 73,
 * 144 and 200 films), of 12 parts, and one without any rating; a member who is private, one who is gone, one who is
 * renamed; and names such as `null`, `nan` and `123`. All others have up to 3 films.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sourceWorld = (filmsPerPart: number): SourceWorld => {
  const notable: ReadonlyArray<readonly [name: string, films: number, state?: SourceWorldState]> = [
    ["null", filmsPerPart + 1],
    ["nan", 1],
    ["none", 0],
    ["123", 2 * filmsPerPart + Math.floor((filmsPerPart * 7) / 9)],
    ["hidden", 3, "private"],
    ["true", filmsPerPart],
    ["nobody_now", 0, "gone"],
    ["1e3", 2 * filmsPerPart],
    ["old_name", filmsPerPart + 2, { renamedTo: username("new_name") }],
    ["__proto__", 11],
    ["constructor", 2],
    ["007", 1],
    ["long_list", 12 * filmsPerPart - 1],
    ["unrated", 5]
  ]
  return {
    filmsPerPart,
    members: Array.from({ length: population }, (_, i) => {
      const [name, count, state = "public"] = notable[i] ?? [`member_${population - i}`, i % 4]
      const films = filmsOf(i, count)
      return {
        username: username(name),
        state,
        films: name === "unrated" ? films.map(({ rating: _rating, ...watched }) => watched) : films
      }
    })
  }
}
