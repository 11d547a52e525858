/**
 * One film of a dataset: its ratings, and who gave them.
 *
 * @since 0.1.0
 */
import {
  displayName,
  type EncodedRating,
  type Film,
  formatRating,
  runForEachRating,
  type StorageError,
  type Username,
  type WholeDataset
} from "@letterboxd-ratings/core"
import { Effect, Stream } from "effect"
import { count } from "../progress/RunWords.ts"
import { printable, shown } from "../Shown.ts"
import { byStars, Histogram, histogramLines } from "./Histogram.ts"
import { factLines, firstOf, type Inspected, NotInDataset, ratingsWords } from "./Inspected.ts"

/** The address of a film. */
const filmAddress = /^(?:https?:\/\/)?(?:www\.)?letterboxd\.com\/film\/(?<slug>[^\s/?#]+)/iu

/**
 * The film with a number (`240344`, `film:240344`), a slug or an address. A number is the id of a film if there is one with it,
 * and else a slug.
 */
const filmNamed = (whole: WholeDataset, text: string): Effect.Effect<Film, NotInDataset> => {
  const { films } = whole.state
  const number = /^(?:film:)?(?<id>\d{1,10})$/u.exec(text)?.groups?.["id"]
  if (number !== undefined)
    for (const film of films.values()) if (film.id === Number(number)) return Effect.succeed(film)
  const slug = filmAddress.exec(text)?.groups?.["slug"] ?? text
  const found = [...films.values()].filter((film) => film.slug === slug)
  const [first, second] = found
  if (first === undefined)
    return new NotInDataset({
      reason: "NoFilm",
      message: `The dataset has no film ${shown(text)}. Give its number (film:240344) or its slug, as in letterboxd.com/film/SLUG.`
    })
  return second === undefined
    ? Effect.succeed(first)
    : new NotInDataset({
        reason: "SeveralFilms",
        message: `The dataset has ${found.length} films ${shown(text)}. Give the number of one: ${found
          .slice(0, 10)
          .map(({ id }) => `film:${id}`)
          .join(", ")}.`
      })
}

interface Rater extends Pick<EncodedRating, "rating" | "userId"> {
  readonly username: Username | undefined
  readonly ratedOn: EncodedRating["ratedOn"] | undefined
  readonly liked: boolean | undefined
}

/**
 * Reads all ratings once, and holds those of this film.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inspectFilm = (whole: WholeDataset, text: string): Effect.Effect<Inspected, StorageError | NotInDataset> =>
  Effect.gen(function* () {
    const film = yield* filmNamed(whole, text)
    const { keeps, users } = whole.state
    const histogram = new Histogram()
    const rows = new Array<EncodedRating>()
    yield* runForEachRating(whole.ratings, (row) => {
      if (row.filmId !== film.id) return
      histogram.add(row.rating)
      rows.push({ ...row })
    })
    let watched = 0
    yield* Stream.runForEachChunk(whole.watched, (chunk) =>
      Effect.sync(() => {
        for (const { filmId } of chunk) if (filmId === film.id) watched += 1
      })
    )
    const names = new Map(Array.from(users, ([username, userId]) => [userId, username]))
    const raters: ReadonlyArray<Rater> = rows
      .map(({ liked, ratedOn, rating, userId }) => ({ rating, userId, username: names.get(userId), ratedOn, liked }))
      .toSorted((one, other) => other.rating - one.rating || one.userId - other.userId)
    const { id, imdbId, slug, tmdbId } = film
    return {
      lines: (width) => [
        ...factLines([
          ["film", printable(displayName(film))],
          ["number", `film:${id}`],
          ["slug", slug === undefined ? "unknown" : printable(slug)],
          ["TMDB", tmdbId === undefined ? undefined : String(tmdbId)],
          ["IMDb", imdbId],
          ["ratings", ratingsWords(histogram)],
          ["no rating", keeps.has("watched") ? `${count(watched, "member")} saw it without rating it` : undefined]
        ]),
        "",
        ...histogramLines(histogram, width),
        ...(raters.length === 0
          ? []
          : [
              "",
              `Rated by ${count(raters.length, "member")}:`,
              ...firstOf(
                raters,
                ({ liked, ratedOn, rating, userId, username }) =>
                  `${formatRating(rating)}  ${username ?? `user ${userId}`}${ratedOn === undefined ? "" : `, ${ratedOn}`}${liked === true ? ", liked" : ""}`
              )
            ])
      ],
      json: {
        filmId: id,
        slug,
        title: film.title,
        year: film.year,
        ...(tmdbId === undefined ? {} : { tmdbId }),
        ...(imdbId === undefined ? {} : { imdbId }),
        ratings: histogram.total,
        mean: histogram.mean,
        median: histogram.median,
        stars: byStars(histogram),
        ...(keeps.has("watched") ? { watched } : {}),
        ratedBy: raters.map(({ liked, ratedOn, rating, userId, username }) => ({
          username,
          userId,
          rating,
          ratedOn,
          liked
        }))
      }
    }
  })
