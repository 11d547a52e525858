/**
 * The report on a dataset.
 *
 * @since 0.1.0
 */
import type { DatasetNumbers } from "../numbers/DatasetNumbers.ts"
import { meanOf, medianOf } from "../numbers/Stars.ts"
import { pageOf, type Section } from "./Document.ts"
import { nothing } from "./Figure.ts"
import { decadeFigures, starsFigure } from "./Figures.ts"
import { filmCards } from "./FilmCards.ts"
import { html } from "./Html.ts"
import { agreementFigures, generosityFigures } from "./MembersSection.ts"
import { dataCard, growthFigures, sealsCard, timesCard } from "./OriginSections.ts"
import { coresFigure, tailFigures } from "./ShapeSection.ts"
import { count, counted, dayOf, percent, stars } from "./Words.ts"

/**
 * What a page says besides its numbers. `nameOf` names a member by its place in the matrix. `madeAt` and `committedAt` are
 * in milliseconds since 1970.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageFacts {
  readonly nameOf: (member: number) => string
  readonly isAnonymous: boolean
  readonly committedAt: number
  readonly madeAt: number
  readonly tool: string
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const footerOf = ({ madeAt, tool }: PageFacts) =>
  html`<p>Made on ${dayOf(madeAt)} by ${tool}. This page is one file: it loads nothing and runs no script.</p>`

/**
 * @since 0.1.0
 * @category constructors
 */
export const datasetPage = (numbers: DatasetNumbers, page: PageFacts): string => {
  const { active, films, members, ratings, seals } = numbers
  const sealed = seals.reduce((sum, one) => sum + (one.state === "sealed" ? one.members : 0), 0)
  const mean = meanOf(numbers.stars)
  const ofRatings: ReadonlyArray<Section> =
    ratings === 0
      ? [
          {
            id: "ratings",
            title: "Ratings",
            intro: "How many stars members give.",
            content: nothing("The dataset has no ratings yet.")
          }
        ]
      : [
          {
            id: "ratings",
            title: "Ratings",
            intro: "How many stars members give.",
            content: starsFigure(
              numbers.stars,
              "full",
              `${counted(ratings, "rating")} by stars. Mean ${stars(mean)}, median ${medianOf(numbers.stars).toFixed(1)}.`,
              undefined
            )
          },
          {
            id: "films",
            title: "Films",
            intro: "What members like, what divides them, and what everybody has seen.",
            content: filmCards(numbers.lists)
          },
          {
            id: "decades",
            title: "Decades",
            intro: "When the films came out.",
            content:
              numbers.decades.decades.length === 0
                ? nothing("The year of no rated film is known.")
                : decadeFigures(numbers.decades, mean)
          },
          {
            id: "members",
            title: "Members",
            intro: "Who gives more stars than others, and how much members agree.",
            content: html`${generosityFigures(numbers.generosity, (member) => html`<bdi>${page.nameOf(member)}</bdi>`)}${agreementFigures(numbers.agreement)}`
          },
          {
            id: "shape",
            title: "Shape",
            intro: "How ratings are spread: what a recommender has to live with.",
            content: html`${tailFigures(numbers)}${coresFigure(numbers)}`
          }
        ]
  const ofOrigin: ReadonlyArray<Section> = [
    ...(page.isAnonymous
      ? []
      : [
          {
            id: "growth",
            title: "Growth",
            intro: "How the dataset grew, and what changed when members were read again.",
            content: growthFigures(numbers.growth)
          }
        ]),
    {
      id: "proof",
      title: "Proof",
      intro: "Which members are complete, how that is known, and what times can tell.",
      content: html`${members === 0 ? nothing("The dataset has no members yet.") : sealsCard(seals)}${timesCard(numbers.times, ratings, page.isAnonymous)}`
    },
    {
      id: "card",
      title: "Data card",
      intro: "Read this before you use the ratings.",
      content: dataCard(numbers, page)
    }
  ]
  return pageOf({
    eyebrow: "Letterboxd ratings dataset",
    title: `${counted(ratings, "rating")} by ${counted(active, "member")}`,
    lead: `Ratings of ${counted(films, "film")} by members of Letterboxd, in stars from 0.5 to 5, last committed on ${dayOf(page.committedAt)}.`,
    numbers: [
      [count(ratings), "ratings"],
      [count(members), "members"],
      [count(films), "films"],
      [stars(mean), "mean, stars"],
      [percent(sealed / members), "members complete"],
      [percent(numbers.density), "of all pairs rated"]
    ],
    sections: [...ofRatings, ...ofOrigin],
    footer: footerOf(page)
  })
}
