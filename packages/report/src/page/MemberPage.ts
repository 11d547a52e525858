/**
 * The report on one member.
 *
 * @since 0.1.0
 */
import { bars } from "../charts/Charts.ts"
import { correlationWeight, fewestInCommon } from "../numbers/Agreement.ts"
import { fewestOthers } from "../numbers/Generosity.ts"
import type { MemberNumbers } from "../numbers/OneMember.ts"
import { meanOf, numberOf } from "../numbers/Stars.ts"
import { footerOf, type PageFacts } from "./DatasetPage.ts"
import { pageOf, type Section } from "./Document.ts"
import { card, figure, nothing, table } from "./Figure.ts"
import { decadeFigures, starsFigure } from "./Figures.ts"
import { ownFilmCard } from "./FilmCards.ts"
import { html, type Part } from "./Html.ts"
import { count, counted, percent, signed, stars } from "./Words.ts"

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")

const timeFigures = ({ lastYear, undated, years }: MemberNumbers): Part => {
  if (lastYear === undefined)
    return nothing(
      "The dataset does not know on which days this member rated films. Official exports and feeds tell them."
    )
  const without = undated === 0 ? "" : ` Without ${counted(undated, "rating")} whose day is not known.`
  const total = lastYear.months.reduce((a, b) => a + b, 0)
  const mostMonth = lastYear.months.indexOf(Math.max(...lastYear.months))
  const monthsTitle = `${counted(total, "film")} rated in ${lastYear.year}, most in ${months[mostMonth] ?? ""}`
  const mostYear = years.reduce((a, b) => (numberOf(b.counts) > numberOf(a.counts) ? b : a))
  const yearsTitle = `${mostYear.year} is the year with the most ratings: ${count(numberOf(mostYear.counts))}`
  return html`<div class="pair">
    ${figure({
      title: monthsTitle,
      explanation: `Ratings by the month they were entered in, in the last year that has any.`,
      picture: bars(
        monthsTitle,
        "half",
        lastYear.months.map((value, i) => ({
          name: months[i] ?? "",
          value,
          note: `${months[i] ?? ""} ${lastYear.year}: ${counted(value, "rating")}`
        })),
        { x: `month of ${lastYear.year}`, y: "ratings", everyOnNarrow: 3 }
      ),
      columns: [{ name: "month" }, { name: "ratings", isNumber: true }],
      rows: lastYear.months.map((value, i) => [months[i] ?? "", count(value)])
    })}${figure({
      title: yearsTitle,
      explanation: `Ratings by the year they were entered in.${without}`,
      picture: bars(
        yearsTitle,
        "half",
        years.map(({ counts, year }) => ({
          name: String(year),
          value: numberOf(counts),
          note: `${year}: ${counted(numberOf(counts), "rating")}, mean ${stars(meanOf(counts))}`
        })),
        { x: "year", y: "ratings", every: Math.ceil(years.length / 8), everyOnNarrow: Math.ceil(years.length / 5) }
      ),
      columns: [{ name: "year" }, { name: "ratings", isNumber: true }, { name: "mean, stars", isNumber: true }],
      rows: years.map(({ counts, year }) => [String(year), count(numberOf(counts)), stars(meanOf(counts))])
    })}
  </div>`
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const memberPage = (numbers: MemberNumbers, page: PageFacts): string => {
  const { above, below, compared, favourites, generosity, nearest, ratings } = numbers
  const name = page.nameOf(numbers.member)
  const mean = meanOf(numbers.stars)
  const few = `Too few films that at least ${fewestOthers} others rated.`
  const nearestWhat = `By Pearson’s correlation r of the ratings of the n films that both rated, shrunk to r · n / (n + ${correlationWeight}), with at least ${fewestInCommon} films in common. ${counted(compared, "member")} compared.`
  const sections: ReadonlyArray<Section> = [
    {
      id: "ratings",
      title: "Ratings",
      intro: `How many stars ${name} gives.`,
      content: html`<div class="pair">
        ${starsFigure(numbers.stars, "half", `${counted(ratings, "rating")} by stars, mean ${stars(mean)}.`, name)}${
          numberOf(numbers.starsOfOthers) === 0
            ? []
            : starsFigure(
                numbers.starsOfOthers,
                "half",
                `For comparison: the ratings of all other members of the dataset, mean ${stars(meanOf(numbers.starsOfOthers))}.`,
                "the others"
              )
        }
      </div>`
    },
    {
      id: "time",
      title: "Year and months",
      intro: "When the ratings were entered.",
      content: timeFigures(numbers)
    },
    {
      id: "decades",
      title: "Decades",
      intro: "When the films came out.",
      content:
        numbers.decades.length === 0
          ? nothing("The year of no rated film is known.")
          : decadeFigures({ decades: numbers.decades, withoutYear: numbers.withoutYear }, mean)
    },
    {
      id: "favourites",
      title: "Favourites",
      intro: `What ${name} likes best.`,
      content: ownFilmCard(
        "Favourite films",
        "The films with the most stars; of equals those that the member liked, then those that others rated lower.",
        favourites,
        "No film is rated."
      )
    },
    {
      id: "disagreements",
      title: "Disagreements",
      intro: `Where ${name} and the other members differ most, over films that at least ${fewestOthers} others rated.`,
      content: html`<div class="pair">
        ${ownFilmCard("Rated higher than others do", "", above, few)}${ownFilmCard("Rated lower than others do", "", below, few)}
      </div>`
    },
    {
      id: "nearest",
      title: "Nearest members",
      intro: `Members who rate films as ${name} does.`,
      content: card(
        nearest.length === 0 ? "No member is near" : "The nearest members",
        nearestWhat,
        nearest.length === 0
          ? nothing("No member has enough films in common and a positive correlation.")
          : table(
              "The nearest members",
              [
                { name: "member" },
                { name: "shrunk correlation", isNumber: true },
                { name: "correlation", isNumber: true },
                { name: "films in common", isNumber: true }
              ],
              nearest.map(({ correlation, inCommon, member, shrunk }) => [
                html`<bdi>${page.nameOf(member)}</bdi>`,
                signed(shrunk),
                signed(correlation),
                count(inCommon)
              ])
            )
      )
    }
  ]
  return pageOf({
    eyebrow: "A member of Letterboxd",
    title: `${name}: ${counted(ratings, "rating")}`,
    lead: `The ratings of ${name}, beside those of the other members of the dataset.`,
    numbers: [
      [count(ratings), "ratings"],
      [stars(mean), "mean, stars"],
      [generosity === undefined ? "–" : signed(generosity.stars), "stars more than others give"],
      [percent((numbers.stars[10] ?? 0) / ratings), "rated 5 stars"]
    ],
    sections,
    footer: footerOf(page)
  })
}
