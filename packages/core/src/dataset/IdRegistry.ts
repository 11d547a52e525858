/**
 * Who has which number: user ids and film identities, the same for ever.
 *
 * @since 0.1.0
 */
import type { FilmId } from "../domain/Film.ts"
import { UserId, type Username } from "../domain/Member.ts"
import type { Batch, DatasetState } from "./Batch.ts"
import { filled, seenAgain, withYearOfTitle } from "./FilmIdentity.ts"
import type { Film } from "./Tables.ts"

/**
 * Gives user ids and keeps film identities. One fiber may use it at a time.
 *
 * - `user` returns the member's id; a new name gets the next free number.
 * - `rename` gives the id of a known member to another name. The old name is unknown then, unless both had ids: these are
 *   exchanged.
 * - `film` notes a film that was seen. An id seen with a new slug or title is a change: the newest wins.
 * - `filmIfKnown` does so for a film that is there already, and passes over any other: one that nobody rated is none of
 *   the dataset's.
 * - `knows` tells whether a film is there.
 * - `fillFilm` adds to a film that is there already what is not known of it, and changes nothing else.
 * - `takeFilms` returns the films that are new or changed since it was last called, for the next batch.
 *
 * @since 0.1.0
 * @category models
 */
export interface IdRegistry {
  readonly user: (username: Username) => { readonly userId: UserId; readonly isNew: boolean }
  readonly rename: (from: Username, to: Username) => void
  readonly film: (film: Film) => void
  readonly filmIfKnown: (film: Film) => void
  readonly knows: (id: FilmId) => boolean
  readonly fillFilm: (film: Film) => void
  readonly takeFilms: () => Pick<Batch, "newFilms" | "changedFilms">
}

/**
 * A registry that goes on where the dataset stands. Costs memory in proportion to users and films.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeIdRegistry = (state: Pick<DatasetState, "users" | "films">): IdRegistry => {
  const users = new Map(state.users)
  const films = new Map(state.films)
  let last = 0
  for (const userId of users.values()) last = Math.max(last, userId)
  // The film as it was when films were last taken; undefined for one that was not there yet.
  const touched = new Map<FilmId, Film | undefined>()
  const become = (known: Film | undefined, now: Film): void => {
    if (now === known) return
    if (!touched.has(now.id)) touched.set(now.id, known)
    films.set(now.id, now)
  }
  const seen = (given: Film): void => {
    const film = withYearOfTitle(given)
    const known = films.get(film.id)
    become(known, known === undefined ? film : seenAgain(known, film))
  }

  return {
    user: (username) => {
      const known = users.get(username)
      if (known !== undefined) return { userId: known, isNew: false }
      last += 1
      const userId = UserId.make(last)
      users.set(username, userId)
      return { userId, isNew: true }
    },
    rename: (from, to) => {
      const idFrom = users.get(from)
      const idTo = users.get(to)
      if (idFrom === undefined) return
      if (idTo === undefined) users.delete(from)
      else users.set(from, idTo)
      users.set(to, idFrom)
    },
    film: seen,
    filmIfKnown: (film) => {
      if (films.has(film.id)) seen(film)
    },
    knows: (id) => films.has(id),
    fillFilm: (film) => {
      const known = films.get(film.id)
      if (known !== undefined) become(known, filled(known, film))
    },
    takeFilms: () => {
      const newFilms: Array<Film> = []
      const changedFilms: Array<{ before: Film; after: Film }> = []
      for (const [id, before] of touched) {
        const after = films.get(id)
        if (after === undefined) continue
        if (before === undefined) newFilms.push(after)
        else changedFilms.push({ before, after })
      }
      touched.clear()
      return { newFilms, changedFilms }
    }
  }
}
