/**
 * The response end of a films page, first half: what stands in the HTML, without judging it.
 */
import {
  knownFacts,
  ratingFromHalfStars,
  splitDisplayName,
  type StatedCounts,
  titleFromText,
  WatchedFilm
} from "@letterboxd-ratings/core"
import { Either, Option, Schema } from "effect"
import { Parser } from "htmlparser2"
import { deepestNesting, parseWhile } from "../BoundedParsing.ts"

/**
 * What a films page shows. `lists` counts the lists that could each be the member's: those of films outside sidebars and
 * the footer. `tiles` counts the films shown by every mark a tile has (an item of the list, identifiers, a slug, viewing
 * data), readable or not, in the list or outside of it; so `tiles - films.length` tiles could not be read, and
 * `unreadable` says why: no usable id, a name that is no text, an impossible rating, marks that disagree, or a place
 * outside the list. `pageNumbers` are the numbers of the paging block, empty where there is none. `beyond` names the
 * bound no real page comes near that this one passes; reading ended there.
 *
 * @since 0.1.0
 * @category models
 */
export interface FilmsPage {
  readonly title: string
  readonly bodyClasses: ReadonlyArray<string>
  readonly owner?: string
  readonly ogUrl?: string
  readonly lists: number
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
  readonly beyond?: string
}

/**
 * What holds the marks of a film:
 *
 * - `item`: an element with the class of an item, which is a tile whatever is in it.
 * - `entry`: any other `li` of the list, which is one too.
 * - `wrapper`: another element directly in the list, a tile if it holds a mark.
 * - `outside`: whatever is in no item of the list.
 */
type Holder = "item" | "entry" | "wrapper" | "outside"

/** The marks of a film in one place. */
interface Tile {
  readonly holder: Holder
  readonly isInList: boolean
  readonly depth: number
  /** All ids, and how many came first from which attribute. */
  readonly ids: Array<string>
  filmIds: number
  identifiers: number
  uids: number
  readonly slugs: Array<string>
  viewings: number
  viewingText: string
  displayName?: string
  itemName?: string
  imageName?: string
  ratingClass?: string
  hasTwoRatings: boolean
  isLiked: boolean
}

const newTile = (holder: Holder, isInList: boolean, depth: number): Tile => ({
  holder,
  isInList,
  depth,
  ids: [],
  filmIds: 0,
  identifiers: 0,
  uids: 0,
  slugs: [],
  viewings: 0,
  viewingText: "",
  hasTwoRatings: false,
  isLiked: false
})

/**
 * How many films the marks in one place are of. What says the same twice is counted once; marks of one kind that differ
 * are of several films, marks of different kinds that differ are one tile that contradicts itself.
 */
const marksIn = ({ filmIds, identifiers, slugs, uids, viewings }: Tile): number =>
  Math.max(filmIds, identifiers, uids, slugs.length, viewings)
const filmsIn = (tile: Tile): number =>
  Math.max(tile.holder === "item" || tile.holder === "entry" ? 1 : 0, marksIn(tile))

/** More than any page shows, and few enough to hold: tiles, ids in one tile, numbers of pages. A full page has 72 tiles. */
const mostOfAKind = 1_000

const addOnce = (texts: Array<string>, text: string): 0 | 1 => {
  if (texts.length > mostOfAKind || texts.includes(text)) return 0
  texts.push(text)
  return 1
}

const Identifier = Schema.parseJson(Schema.Struct({ uid: Schema.String }))
const decodeIdentifier = Schema.decodeUnknownOption(Identifier)
/** As the site writes it. To read the JSON of each film with a schema takes longer. */
const usualIdentifier = /^\{"lid":"[A-Za-z0-9]{1,12}","uid":"(film:\d{1,10})","type":"film","typeName":"film"\}$/u
const uidIn = (identifier: string): string | undefined =>
  usualIdentifier.exec(identifier)?.[1] ?? Option.getOrUndefined(decodeIdentifier(identifier))?.uid
const decodeFilm = Schema.decodeUnknownEither(WatchedFilm.fields.film)

/** What stands where bytes were that are no text in the charset of the page, and halves of characters. */
const noText = /[\uFFFD\uD800-\uDFFF]/u

const countOfFilms = /^([\d.,]+)\s+films?$/u
const filmUid = /^film:(\d+)$/u
const filmPath = /^\/film\/([^/]+)\/?$/u
const halfStarsClass = /(?:^|\s)rated-(\d+)(?:\s|$)/u

const hasClass = (classes: string | undefined, name: string): boolean =>
  classes !== undefined && classes.includes(name) && (classes === name || ` ${classes} `.includes(` ${name} `))

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
  let lists = 0
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
  let beyond: string | undefined

  // Where we are: an element is left when the depth falls below its own. 0 is nowhere.
  let depth = 0
  let besideDepth = 0
  let listDepth = 0
  let tile: Tile | undefined
  const outside = newTile("outside", false, 0)
  // Which text is being collected, and in which element.
  let collecting: "title" | "viewing" | "page" | "empty" | undefined
  let collectingDepth = 0
  let pageText = ""

  const collect = (what: typeof collecting) => {
    collecting = what
    collectingDepth = depth
  }

  const finishTile = () => {
    if (tile === undefined) return
    const shown = filmsIn(tile)
    if (shown > 0) {
      tiles += shown
      const watched = readTile(tile, shown)
      if (Either.isRight(watched)) films.push(watched.right)
      else unreadable.push(watched.left)
      if (tiles > mostOfAKind) beyond ??= `${mostOfAKind} tiles`
    }
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

  /** The marks of a film that an element itself has. */
  const onMarks = (attributes: Record<string, string>, into: Tile) => {
    const filmId = attributes["data-film-id"]
    if (filmId !== undefined) into.filmIds += addOnce(into.ids, `film:${filmId}`)
    const identifier = attributes["data-postered-identifier"]
    if (identifier !== undefined) {
      into.identifiers += addOnce(into.ids, uidIn(identifier) ?? "an identifier that is not JSON")
    }
    const uid = attributes["data-item-uid"]
    if (uid !== undefined) into.uids += addOnce(into.ids, uid)
    const slug = attributes["data-item-slug"] ?? attributes["data-film-slug"]
    if (slug !== undefined) addOnce(into.slugs, filmPath.exec(slug)?.[1] ?? slug)
    if (hasClass(attributes["class"], "poster-viewingdata")) {
      into.viewings += 1
      collect("viewing")
    }
  }

  const onTilePart = (name: string, attributes: Record<string, string>, into: Tile) => {
    if (name === "img") {
      if (attributes["alt"] !== undefined) into.imageName ??= attributes["alt"]
      return
    }
    if (name === "span") {
      const classes = attributes["class"]
      if (hasClass(classes, "rating")) {
        into.hasTwoRatings ||= into.ratingClass !== undefined && into.ratingClass !== classes
        into.ratingClass ??= classes ?? ""
        return
      }
      if (hasClass(classes, "like") && hasClass(classes, "icon-liked")) into.isLiked = true
    }
    const displayName = attributes["data-item-full-display-name"]
    if (displayName !== undefined) into.displayName ??= displayName
    const itemName = attributes["data-item-name"]
    if (itemName !== undefined) into.itemName ??= itemName
    onMarks(attributes, into)
  }

  /** Marks in no item of the list, if they are a film's: items of other kinds may stand on the page. */
  const onMarksOutside = (attributes: Record<string, string>) => {
    const isMarked =
      attributes["data-film-id"] !== undefined ||
      attributes["data-postered-identifier"] !== undefined ||
      attributes["data-item-uid"] !== undefined ||
      attributes["data-item-slug"] !== undefined ||
      attributes["data-film-slug"] !== undefined ||
      hasClass(attributes["class"], "poster-viewingdata")
    if (!isMarked) return
    const marks = newTile("outside", false, 0)
    onMarks(attributes, marks)
    if (!marks.ids.every((id) => filmUid.test(id))) return
    for (const id of marks.ids) outside.uids += addOnce(outside.ids, id)
    for (const slug of marks.slugs) addOnce(outside.slugs, slug)
    outside.viewings += marks.viewings
  }

  const openTile = (holder: Holder, attributes: Record<string, string>) => {
    tile = newTile(holder, listDepth !== 0, depth)
    onMarks(attributes, tile)
  }

  const parser = new Parser({
    onopentag(name, attributes) {
      depth += 1
      if (depth > deepestNesting) beyond ??= `${deepestNesting} elements in each other`
      if (besideDepth !== 0) return
      const classes = attributes["class"]
      const isItem = name === "li" && (hasClass(classes, "griditem") || hasClass(classes, "poster-container"))
      if (tile !== undefined) {
        // An item ends the one before it; what holds items and no mark of its own is a row of them, and none itself.
        const isRow = tile.holder !== "item" && marksIn(tile) === 0
        if (isItem) {
          if (!isRow) finishTile()
          openTile("item", attributes)
        } else if (name === "li" && isRow && tile.holder === "wrapper") {
          openTile("entry", attributes)
        } else {
          onTilePart(name, attributes, tile)
        }
        return
      }
      if (hasClass(classes, "empty-text")) {
        collect("empty")
        return
      }
      if (isItem || (listDepth !== 0 && (name === "li" || depth === listDepth + 1))) {
        openTile(isItem ? "item" : name === "li" ? "entry" : "wrapper", attributes)
        return
      }
      onMarksOutside(attributes)
      switch (name) {
        case "aside":
        case "footer":
          besideDepth = depth
          return
        case "li":
          if (hasClass(classes, "paginate-page")) {
            collect("page")
            pageText = ""
          }
          return
        case "ul":
        case "ol":
          if (hasClass(classes, "poster-list") || hasClass(classes, "grid")) {
            lists += 1
            listDepth = depth
          }
          return
        case "body":
          bodyClasses = (classes ?? "").split(/\s+/u).filter((part) => part !== "")
          owner = attributes["data-owner"]
          return
        case "title":
          if (title === "") collect("title")
          return
        case "meta":
          if (attributes["property"] === "og:url") ogUrl = attributes["content"]
          return
        case "a":
          if (hasPaging && hasClass(classes, "next")) hasNext = true
          else if (hasPaging && hasClass(classes, "previous")) hasPrevious = true
          onCount(attributes)
          return
        case "span":
          onCount(attributes)
          return
      }
      if (hasClass(classes, "sidebar")) {
        besideDepth = depth
        return
      }
      if (name === "div" && hasClass(classes, "pagination")) hasPaging = true
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
      if (collecting !== undefined && depth < collectingDepth) {
        if (collecting === "page") {
          const number = Number(pageText.trim().replaceAll(",", ""))
          if (Number.isInteger(number) && number > 0) pageNumbers.push(number)
          if (pageNumbers.length > mostOfAKind) beyond ??= `${mostOfAKind} numbers of pages`
        }
        collecting = undefined
      }
      if (tile !== undefined && depth < tile.depth) finishTile()
      if (depth < listDepth) listDepth = 0
      if (depth < besideDepth) besideDepth = 0
      if (name === "html" && !isImplied) isComplete = true
    }
  })
  parseWhile(parser, html, () => beyond === undefined)
  finishTile()
  tile = outside
  finishTile()

  return {
    title: title.trim(),
    bodyClasses,
    ...(owner === undefined ? {} : { owner }),
    ...(ogUrl === undefined ? {} : { ogUrl }),
    lists,
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
    ...(beyond === undefined ? {} : { beyond })
  }
}

const readTile = (tile: Tile, shown: number): Either.Either<WatchedFilm, string> => {
  const [uid] = tile.ids
  const [slug] = tile.slugs
  const first = (uid ?? slug ?? "").slice(0, 60)
  if (!tile.isInList)
    return Either.left(`${shown} of the tiles stand outside of the list's items, the first with the id ${first}`)
  if (uid === undefined) return Either.left("a tile has no film id")
  const id = filmUid.exec(uid)?.[1]
  if (id === undefined) return Either.left(`a tile's id is ${first}`)
  if (tile.ids.length > 1 || tile.slugs.length > 1 || tile.viewings > 1) {
    return Either.left(
      `a tile has ${tile.ids.length} ids, ${tile.slugs.length} slugs and ${tile.viewings} times p.poster-viewingdata; its first id is ${first}`
    )
  }

  const name = tile.displayName ?? tile.itemName ?? tile.imageName ?? ""
  if (noText.test(`${slug} ${name}`)) return Either.left(`film ${id} has a name with bytes that are no text`)
  const film = decodeFilm({
    id: Number(id),
    slug: slug === undefined ? undefined : detach(slug),
    ...splitDisplayName(titleFromText(detach(name)))
  })
  if (Either.isLeft(film)) return Either.left(`film ${id.slice(0, 60)} has no usable id or slug`)
  if (tile.viewings === 0) return Either.left(`film ${id} has no p.poster-viewingdata`)

  // Pages of lists do not tell when a film was rated.
  const facts = knownFacts({ ratedOn: undefined, liked: tile.isLiked })
  // Stars are counted as well as the class, so that a renamed class is noticed and not taken for "unrated".
  const stars = halfStarsShown(tile.viewingText)
  if (tile.ratingClass === undefined) {
    return stars === 0
      ? Either.right({ film: film.right, ...facts })
      : Either.left(`film ${id} shows stars without span.rating`)
  }
  const halfStars = halfStarsClass.exec(tile.ratingClass)?.[1]
  const rating = halfStars === undefined ? Option.none() : ratingFromHalfStars(Number(halfStars))
  if (Option.isNone(rating) || tile.hasTwoRatings)
    return Either.left(`film ${id} has the rating class ${tile.ratingClass.slice(0, 60)}`)
  if (stars !== 0 && stars !== rating.value * 2) {
    return Either.left(
      `film ${id} has the rating class rated-${halfStars} and shows ${tile.viewingText.trim().slice(0, 20)}`
    )
  }
  return Either.right({ film: film.right, rating: rating.value, ...facts })
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
