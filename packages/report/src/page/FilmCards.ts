/**
 * Films in tables.
 *
 * @since 0.1.0
 */
import type { Film } from "@letterboxd-ratings/core"
import { sparkline } from "../charts/Chart.ts"
import type { FilmLists, ListedFilm } from "../numbers/FilmNumbers.ts"
import type { OwnFilm } from "../numbers/OneMember.ts"
import { card, nothing, table } from "./Figure.ts"
import { type Html, html, type Part } from "./Html.ts"
import { count, signed, stars } from "./Words.ts"

/** No film has a title as long as some that pages could show. */
const longestTitle = 120

/**
 * A film by its title and year, or by what is known of it. `<bdi>` keeps the direction of its letters to itself.
 */
const filmName = ({ id, slug, title, year }: Film): Html => {
  const name = title ?? slug ?? `film ${id}`
  const letters = [...name]
  const short = letters.length > longestTitle ? `${letters.slice(0, longestTitle).join("")}…` : name
  return html`<span class="film"
    ><bdi>${short}</bdi>${year === undefined ? "" : html` <span class="year">${year}</span>`}</span
  >`
}

const ratingsColumn = { name: "ratings", isNumber: true }

/**
 * The lists of films: best, dividing, most and lowest rated.
 *
 * @since 0.1.0
 * @category constructors
 */
export const filmCards = ({ best, dividing, eligible, fewest, lowest, mostRated, shrinkage }: FilmLists): Part => {
  const list = (
    title: string,
    explanation: string,
    films: ReadonlyArray<ListedFilm>,
    value: string,
    of: (film: ListedFilm) => string
  ) =>
    card(
      title,
      explanation,
      films.length === 0
        ? nothing(`No film has ${count(fewest)} ratings.`)
        : table(
            title,
            [{ name: "film" }, { name: value, isNumber: true }, ratingsColumn, { name: "0.5 – 5", isSpare: true }],
            films.map((one) => [filmName(one.film), of(one), count(one.ratings), sparkline(one.counts)])
          )
    )
  const among = `Among the ${count(eligible)} films with at least ${count(fewest)} ratings.`
  return html`<div class="pair">
    ${list(
      "The best films",
      `By their mean in stars, shrunk: ${shrinkage.weight.toFixed(1)} ratings of ${stars(shrinkage.mean)} stars, the mean of all, are added to those of each film, so that luck with a few ratings does not count. ${among}`,
      best,
      "shrunk mean",
      ({ shrunk }) => stars(shrunk)
    )}${list(
      "The films that divide members most",
      `By how many stars two members who rated the film differ on average: 0 where all agree, 2.25 where half give 0.5 stars and half give 5. ${among}`,
      dividing,
      "difference",
      ({ difference }) => stars(difference)
    )}${list("The most rated films", "By the number of ratings, with the plain mean.", mostRated, "mean", ({ mean }) =>
      stars(mean)
    )}${list(
      "The lowest rated films",
      `By the shrunk mean, as the best. ${among}`,
      lowest,
      "shrunk mean",
      ({ shrunk }) => stars(shrunk)
    )}
  </div>`
}

/**
 * Films of one member.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ownFilmCard = (
  title: string,
  explanation: string,
  films: ReadonlyArray<OwnFilm>,
  otherwise: string
): Html =>
  card(
    title,
    explanation,
    films.length === 0
      ? nothing(otherwise)
      : table(
          title,
          [
            { name: "film" },
            { name: "stars", isNumber: true },
            { name: "others", isNumber: true },
            { name: "difference", isNumber: true },
            { name: "others’ ratings", isNumber: true, isSpare: true }
          ],
          films.map(({ difference, film, isLiked, others, othersMean, stars: own }) => [
            isLiked ? html`${filmName(film)} <span class="year">liked</span>` : filmName(film),
            own.toFixed(1),
            othersMean === undefined ? "–" : stars(othersMean),
            difference === undefined ? "–" : signed(difference),
            count(others)
          ])
        )
  )
