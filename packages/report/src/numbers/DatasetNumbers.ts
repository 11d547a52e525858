/**
 * All numbers of a report on a dataset.
 *
 * @since 0.1.0
 */
import type { StorageError, WholeDataset } from "@letterboxd-ratings/core"
import { type Core, coresOf } from "@letterboxd-ratings/export"
import { Effect } from "effect"
import { type Agreement, agreementOf } from "./Agreement.ts"
import { decadesOf, type FilmLists, filmLists } from "./FilmNumbers.ts"
import { type Generosity, generosityOf } from "./Generosity.ts"
import { type Growth, growthOf } from "./Growth.ts"
import { type LongTail, longTailOf } from "./LongTail.ts"
import type { RatingsMatrix } from "./RatingsMatrix.ts"
import { type SealedGroup, sealsOf } from "./Seals.ts"
import { type CountsTable, countRatings, numberOf, type StarCounts } from "./Stars.ts"
import { type Times, timesOf } from "./Times.ts"

/**
 * Members are told by their places in `matrix.members`. `active` members and `rated` films have ratings; `density` is the
 * share of all pairs of these that are rated, `NaN` where there is none.
 *
 * @since 0.1.0
 * @category models
 */
export interface DatasetNumbers {
  readonly members: number
  readonly films: number
  readonly ratings: number
  readonly watched: number
  readonly active: number
  readonly rated: number
  readonly density: number
  readonly stars: StarCounts
  readonly perMember: LongTail
  readonly perFilm: LongTail
  readonly lists: FilmLists
  readonly generosity: ReadonlyArray<Generosity>
  readonly decades: ReturnType<typeof decadesOf>
  readonly agreement: Agreement
  readonly growth: Growth
  readonly cores: ReadonlyArray<Core>
  readonly seals: ReadonlyArray<SealedGroup>
  readonly times: Times
}

/** The number of ratings of each member or film. */
const totals = (table: CountsTable): Int32Array =>
  Int32Array.from({ length: table.length }, (_, i) => numberOf(table.of(i)))

/**
 * The numbers, of ratings that were read already. Reads the readings and changes that the dataset recorded. Costs a few
 * visits of each rating.
 *
 * @since 0.1.0
 * @category constructors
 */
export const datasetNumbers = (
  whole: WholeDataset,
  matrix: RatingsMatrix
): Effect.Effect<DatasetNumbers, StorageError> =>
  Effect.map(growthOf(whole, matrix), (growth) => {
    const counted = countRatings(matrix)
    const { byFilm, byMember } = counted
    const perMember = longTailOf(totals(byMember))
    const perFilm = longTailOf(totals(byFilm))
    return {
      members: matrix.members.length,
      films: matrix.films.length,
      ratings: matrix.rows,
      watched: whole.state.watched,
      active: perMember.with,
      rated: perFilm.with,
      density: matrix.rows / (perMember.with * perFilm.with),
      stars: byFilm.total(),
      perMember,
      perFilm,
      lists: filmLists(matrix, byFilm, perMember.with),
      generosity: generosityOf(matrix, counted),
      decades: decadesOf(matrix, byFilm),
      agreement: agreementOf(matrix, byFilm),
      growth,
      cores: coresOf(matrix),
      seals: sealsOf(matrix),
      times: timesOf(matrix)
    }
  })
