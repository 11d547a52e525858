/**
 * Views for people who query a dataset: with the names of members and films instead of numbers.
 *
 * @since 0.1.0
 */
import { rowTables } from "@letterboxd-ratings/core"
import { columnsIn, type Layout } from "./DeclaredTables.ts"
import { quotedAll } from "./TableShape.ts"

/**
 * The views by name, each with the query behind it, in the order in which they can be created. A film is called as
 * `displayName` of core calls it. What is kept of ratings stands behind the stars.
 */
export const labelViews = (
  layout: Layout,
  inTable: (name: string) => string
): ReadonlyArray<readonly [name: string, query: string]> => {
  const { key } = rowTables.ratings
  const facts = columnsIn(rowTables.ratings, layout).flatMap(({ name }) => (key.includes(name) ? [] : [name]))
  return [
    [
      "film_labels",
      `select film_id, slug as film_slug,
        case when title is null then coalesce(slug, 'film:' || film_id) when year is null then title
          else title || ' (' || year || ')' end as film_title
      from ${inTable("films")}`
    ],
    [
      "translated_ratings",
      `select username, film_title, ${quotedAll(facts)}
      from ${inTable("ratings")} r join ${inTable("members")} using (user_id) join ${inTable("film_labels")} using (film_id)
      order by r.position`
    ],
    [
      "user_updates",
      `select username, last_updated from ${inTable("updates")} u join ${inTable("members")} using (user_id)
      order by u.position`
    ]
  ]
}
