/**
 * The response end of a films page, first half: what stands in the HTML, without judging it.
 */
import { ratingFromHalfStars, Film, splitDisplayName, type StatedCounts, type WatchedFilm } from "@letterboxd-ratings/core"
import { Either, Option, Schema } from "effect"
import { Parser } from "htmlparser2"
import { deepestNesting, parseWhile } from "../BoundedParsing.ts"

/**
 * What a films page shows. `tiles` counts the items of the list, readable or not; `unreadable` names what was wrong
 * with the tiles that have no usable id, a name that is no text or an impossible rating. `pageNumbers` are the numbers
 * of the paging block, empty where there is none. `isTooDeep` says that elements are nested deeper than on any real page, and that reading
 * ended there.
 *
 * @since 0.1.0
 * @category models
 */
export interface FilmsPage {
  readonly title: string
  readonly bodyClasses: ReadonlyArray<string>
  readonly owner?: string
  readonly ogUrl?: string
  readonly hasList: boolean
  readonly tiles: number
  readonly films: ReadonlyArray<WatchedFilm>
  readonly unreadable: ReadonlyArray<string>
  readonly stated: StatedCounts
  readonly hasPaging: boolean
  readonly pageNumbers: ReadonlyArray<number>
  readonly hasNext: boolean
  readonly hasPrevious: boolean
  readonly emptyText: string
  readonly isComplete: boolean
  readonly isTooDeep: boolean
}

interface Tile {
  readonly ids: Array<string>
  slug?: string
  displayName?: string
  itemName?: string
  imageName?: string
  hasViewingData: boolean
  viewingText: string
  ratingClass?: string
}

const Identifier = Schema.parseJson(Schema.Struct({ uid: Schema.String }))
const decodeIdentifier = Schema.decodeUnknownOption(Identifier)
const decodeFilm = Schema.decodeUnknownEither(Film)

/** What stands where bytes were that are no text in the charset of the page. */
const noText = "\uFFFD"

const countOfFilms = /^([\d.,]+)\s+films?$/u
const filmUid = /^film:(\d+)$/u
const filmPath = /^\/film\/([^/]+)\/?$/u
const halfStarsClass = /(?:^|\s)rated-(\d+)(?:\s|$)/u

const hasClass = (classes: string | undefined, name: string): boolean =>
  classes !== undefined && (classes === name || ` ${classes} `.includes(` ${name} `))

/**
 * Reads a films page of any known generation in one streaming pass of htmlparser2: about a third of the time of a
 * document tree. Never throws, whatever the HTML.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseFilmsPage = (html: string): FilmsPage => {
  let title = ""
  let bodyClasses: ReadonlyArray<string> = []
  let owner: string | undefined
  let ogUrl: string | undefined
  let hasList = false
  let tiles = 0
  const films: Array<WatchedFilm> = []
  const unreadable: Array<string> = []
  let statedFilms: number | undefined
  let statedRated: number | undefined
  let hasPaging = false
  const pageNumbers: Array<number> = []
  let hasNext = false
  let hasPrevious = false
  let emptyText = ""
  let isComplete = false
  let depth = 0
  let isTooDeep = false

  let tile: Tile | undefined
  let nestedItems = 0
  // Which text is being collected, and the element whose end ends it.
  let collecting: "title" | "viewing" | "page" | "empty" | undefined
  let collectingTag = ""
  let pageText = ""

  const finishTile = () => {
    if (tile === undefined) return
    const watched = readTile(tile)
    if (Either.isRight(watched)) films.push(watched.right)
    else unreadable.push(watched.left)
    tile = undefined
  }

  const onCount = (attributes: Record<string, string>) => {
    const words = attributes["data-original-title"] ?? attributes["title"]
    const match = words === undefined ? null : countOfFilms.exec(words)
    if (match === null) return
    const count = Number(match[1]?.replaceAll(/[.,]/gu, ""))
    if (!Number.isSafeInteger(count)) return
    const href = attributes["href"]
    if (href === undefined || /^\/[^/]+\/films\/$/u.test(href)) statedFilms ??= count
    else if (href.endsWith("/films/ratings/")) statedRated ??= count
  }

  const onTilePart = (name: string, attributes: Record<string, string>, into: Tile) => {
    if (name === "div") {
      if (attributes["data-film-id"] !== undefined) into.ids.push(`film:${attributes["data-film-id"]}`)
      const identifier = attributes["data-postered-identifier"]
      if (identifier !== undefined) {
        const uid = decodeIdentifier(identifier)
        into.ids.push(Option.isSome(uid) ? uid.value.uid : "an identifier that is not JSON")
      }
      if (attributes["data-item-uid"] !== undefined) into.ids.push(attributes["data-item-uid"])
      const slug = attributes["data-item-slug"] ?? attributes["data-film-slug"]
      if (slug !== undefined) into.slug ??= filmPath.exec(slug)?.[1] ?? slug
      const displayName = attributes["data-item-full-display-name"]
      if (displayName !== undefined) into.displayName ??= displayName
      if (attributes["data-item-name"] !== undefined) into.itemName ??= attributes["data-item-name"]
    } else if (name === "img") {
      if (attributes["alt"] !== undefined) into.imageName ??= attributes["alt"]
    } else if (name === "p") {
      if (!hasClass(attributes["class"], "poster-viewingdata")) return
      if (attributes["data-item-uid"] !== undefined) into.ids.push(attributes["data-item-uid"])
      into.hasViewingData = true
      collecting = "viewing"
      collectingTag = "p"
    } else if (name === "span" && hasClass(attributes["class"], "rating")) {
      into.ratingClass ??= attributes["class"] ?? ""
    }
  }

  const parser = new Parser({
    onopentag(name, attributes) {
      depth += 1
      isTooDeep ||= depth > deepestNesting
      const classes = attributes["class"]
      if (name === "li") {
        if (hasClass(classes, "griditem") || hasClass(classes, "poster-container")) {
          finishTile()
          tiles += 1
          nestedItems = 0
          tile = { ids: [], hasViewingData: false, viewingText: "" }
          return
        }
        if (tile !== undefined) {
          nestedItems += 1
        } else if (hasClass(classes, "paginate-page")) {
          collecting = "page"
          collectingTag = "li"
          pageText = ""
        }
        return
      }
      if (tile !== undefined) {
        onTilePart(name, attributes, tile)
        return
      }
      switch (name) {
        case "ul":
          if (hasClass(classes, "poster-list") || hasClass(classes, "grid")) hasList = true
          return
        case "body":
          bodyClasses = (classes ?? "").split(/\s+/u).filter((part) => part !== "")
          owner = attributes["data-owner"]
          return
        case "title":
          if (title === "") {
            collecting = "title"
            collectingTag = "title"
          }
          return
        case "meta":
          if (attributes["property"] === "og:url") ogUrl = attributes["content"]
          return
        case "div":
          if (hasClass(classes, "pagination")) hasPaging = true
          break
        case "a":
          if (hasPaging && hasClass(classes, "next")) hasNext = true
          else if (hasPaging && hasClass(classes, "previous")) hasPrevious = true
          onCount(attributes)
          return
        case "span":
          onCount(attributes)
          return
      }
      if (hasClass(classes, "empty-text")) {
        collecting = "empty"
        collectingTag = name
      }
    },
    ontext(text) {
      switch (collecting) {
        case undefined:
          return
        case "title":
          title += text
          return
        case "viewing":
          if (tile !== undefined) tile.viewingText += text
          return
        case "page":
          pageText += text
          return
        case "empty":
          emptyText += text
      }
    },
    onclosetag(name, isImplied) {
      depth -= 1
      if (collecting !== undefined && name === collectingTag) {
        if (collecting === "page") {
          const number = Number(pageText.trim().replaceAll(",", ""))
          if (Number.isInteger(number) && number > 0) pageNumbers.push(number)
        }
        collecting = undefined
      }
      if (name === "li" && tile !== undefined) {
        if (nestedItems > 0) nestedItems -= 1
        else finishTile()
      } else if (name === "html" && !isImplied) {
        isComplete = true
      }
    }
  })
  parseWhile(parser, html, () => !isTooDeep)
  finishTile()

  return {
    title: title.trim(),
    bodyClasses,
    ...(owner === undefined ? {} : { owner }),
    ...(ogUrl === undefined ? {} : { ogUrl }),
    hasList,
    tiles,
    films,
    unreadable,
    stated: {
      ...(statedFilms === undefined ? {} : { films: statedFilms }),
      ...(statedRated === undefined ? {} : { rated: statedRated })
    },
    hasPaging,
    pageNumbers,
    hasNext,
    hasPrevious,
    emptyText: emptyText.trim(),
    isComplete,
    isTooDeep
  }
}

const readTile = (tile: Tile): Either.Either<WatchedFilm, string> => {
  const uid = tile.ids[0]
  if (uid === undefined) return Either.left("a tile has no film id")
  const id = filmUid.exec(uid)?.[1]
  if (id === undefined) return Either.left(`a tile's id is ${uid.slice(0, 60)}`)
  if (tile.ids.some((other) => other !== uid)) return Either.left(`a tile has the ids ${tile.ids.join(" and ")}`)

  const name = tile.displayName ?? tile.itemName ?? tile.imageName ?? ""
  if (`${tile.slug} ${name}`.includes(noText)) return Either.left(`film ${id} has a name with bytes that are no text: ${name.slice(0, 60)}`)
  const film = decodeFilm({
    id: Number(id),
    slug: tile.slug === undefined ? undefined : detach(tile.slug),
    ...splitDisplayName(detach(name))
  })
  if (Either.isLeft(film)) return Either.left(`film ${id} has no usable id or slug`)
  if (!tile.hasViewingData) return Either.left(`film ${id} has no p.poster-viewingdata`)

  // Stars are counted as well as the class, so that a renamed class is noticed and not taken for "unrated".
  const stars = halfStarsShown(tile.viewingText)
  if (tile.ratingClass === undefined) {
    return stars === 0
      ? Either.right({ film: film.right })
      : Either.left(`film ${id} shows stars without span.rating`)
  }
  const halfStars = halfStarsClass.exec(tile.ratingClass)?.[1]
  const rating = halfStars === undefined ? Option.none() : ratingFromHalfStars(Number(halfStars))
  if (Option.isNone(rating)) return Either.left(`film ${id} has the rating class ${tile.ratingClass.slice(0, 60)}`)
  if (stars !== 0 && stars !== rating.value * 2) {
    return Either.left(`film ${id} has the rating class rated-${halfStars} and shows ${tile.viewingText.trim().slice(0, 20)}`)
  }
  return Either.right({ film: film.right, rating: rating.value })
}

const halfStarsShown = (text: string): number => {
  let halfStars = 0
  for (const character of text) {
    if (character === "★") halfStars += 2
    else if (character === "½") halfStars += 1
  }
  return halfStars
}

/**
 * A text cut out of a page keeps the whole page in memory; put together anew, it is its own.
 */
const detach = (text: string): string => text.split("").join("")
