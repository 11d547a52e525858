/**
 * The port for members from files: exports, saved pages, feeds and tables.
 *
 * @since 0.1.0
 */
import { Context, Data, type DateTime, Schema, type Stream } from "effect"
import type { Keep } from "../dataset/Column.ts"
import type { WatchedFilm } from "../dataset/Tables.ts"
import type { FilmId, Slug } from "../domain/Film.ts"
import type { Username } from "../domain/Member.ts"
import type { ListPart } from "../reading/ListPart.ts"
import type { RatedFilms } from "../reading/RatingsSource.ts"
import type { ImportError } from "./ImportError.ts"

/**
 * What an input tells of a member, by what it proves:
 *
 * - `Complete`: the complete list, as an official export has it. `films` has each film once. `isUnchecked` says that no
 *   checksum proves that its files are whole (an unpacked export): such a list does not take many ratings away.
 * - `Pages`: pages of the list, in the order in which they were saved. They are judged as the pages of the site are.
 *   `listedFilms` is the number of films that a saved members list states, `rated` what a saved page of the list of rated
 *   films tells of their number.
 * - `Entries`: some entries with their own times. They add and change ratings, and say nothing about the rest. `window` is
 *   there if they were asked for: all entries that were made between its times are among them. Without `from`, the member
 *   made no earlier ones.
 * - `Unproven`: ratings from a dataset that proves nothing.
 * - `Additions`: ratings of such a list, of the same source and time, whose films had no known number before.
 *
 * @since 0.1.0
 * @category models
 */
export type ImportedList = Data.TaggedEnum<{
  Complete: { readonly films: ReadonlyArray<WatchedFilm>; readonly isUnchecked?: true }
  Pages: { readonly parts: ReadonlyArray<ListPart>; readonly listedFilms?: number; readonly rated?: RatedFilms }
  Entries: { readonly entries: ReadonlyArray<ImportedEntry>; readonly window?: EntriesWindow }
  Unproven: { readonly films: ReadonlyArray<WatchedFilm> }
  Additions: { readonly films: ReadonlyArray<WatchedFilm> }
}>

/**
 * Creates, distinguishes and matches lists.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ImportedList = Data.taggedEnum<ImportedList>()

/**
 * @since 0.1.0
 * @category models
 */
export interface EntriesWindow {
  readonly from?: DateTime.Utc
  readonly at: DateTime.Utc
}

/**
 * An entry of a list, and when it was made.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImportedEntry {
  readonly at: DateTime.Utc
  readonly watched: WatchedFilm
}

/**
 * A member, as an input tells of it. `place` is the input (a file), for messages. `source` is the kind of the input
 * (`export`, `saved-pages`, `feed`, `samlearner` ...); the dataset keeps it as the member's provenance. `readAt` is the time
 * at which the list was so: when the export was made, when the last page was saved, when the dataset was published.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImportedMember {
  readonly username: Username
  readonly place: string
  readonly source: string
  readonly readAt: DateTime.Utc
  readonly list: ImportedList
}

const count = Schema.optionalWith(Schema.NonNegativeInt, { exact: true })

/**
 * What an input held, counted. All counts are optional; an absent one does not belong to the kind of the input.
 *
 * - `members`, `ratings`, `watched`, `pages`, `entries`: what is passed on.
 * - `joined`, `notJoined`: diary entries for which the film was found in the same export, and those for which it was not.
 * - `notDecoded`: rows that could not be decoded.
 * - `orphaned`, `deleted`: entries whose film is gone, or that the member deleted. They are never imported.
 * - `withoutNumber`: rows that name a film whose number is unknown. They are kept aside.
 * - `ignored`: pages, records or rows that do not belong to a member's list.
 *
 * @since 0.1.0
 * @category models
 */
export const InputCounts = Schema.Struct({
  members: count,
  ratings: count,
  watched: count,
  pages: count,
  entries: count,
  joined: count,
  notJoined: count,
  notDecoded: count,
  orphaned: count,
  deleted: count,
  withoutNumber: count,
  ignored: count
})

/**
 * @since 0.1.0
 * @category models
 */
export interface InputCounts extends Schema.Schema.Type<typeof InputCounts> {}

/**
 * One thing that an import source tells, in this order for each input:
 *
 * - `Found`: an input and what it was taken for, in words (`official export of NAME, made on DATE`).
 * - `Progress`: how much of the inputs was read; sent often enough to show, at most a few times for each MB.
 * - `Member`: a member. Films of an input come with their numbers.
 * - `Aside`: rows whose film has no number. They are stored beside the dataset, and joined by a later import that knows
 *   the films.
 * - `Read`: the input was read to its end.
 * - `Refused`: the input, or the rest of it, cannot be imported. Other inputs go on. Members that came before stay.
 *
 * A `Note` tells what belongs to no input, in a sentence: of a folder (`place`) what was left out there, or of all inputs.
 *
 * @since 0.1.0
 * @category models
 */
export type ImportItem = Data.TaggedEnum<{
  Found: { readonly place: string; readonly kind: string; readonly words: string }
  Progress: { readonly place: string; readonly bytes: number; readonly totalBytes?: number; readonly rows: number }
  Member: { readonly member: ImportedMember }
  Aside: { readonly rows: ReadonlyArray<AsideRow> }
  Read: {
    readonly place: string
    readonly kind: string
    readonly counts: InputCounts
    readonly notes: ReadonlyArray<string>
  }
  Refused: { readonly error: ImportError }
  Note: { readonly place?: string; readonly note: string }
}>

/**
 * Creates, distinguishes and matches items.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ImportItem = Data.taggedEnum<ImportItem>()

/**
 * A rating whose film has no known number, as a dataset without numbers has it. `halfStars` is 1 to 10.
 *
 * @since 0.1.0
 * @category models
 */
export interface AsideRow {
  readonly username: Username
  readonly slug: Slug
  readonly halfStars: number
  readonly source: string
  readonly readAt: DateTime.Utc
}

/**
 * The films whose numbers are known so far, of the dataset and of what was imported before.
 *
 * @since 0.1.0
 * @category models
 */
export interface KnownFilms {
  readonly idOf: (slug: Slug) => FilmId | undefined
}

/**
 * Inputs that tell of members.
 *
 * - `items` reads all inputs, one after the other, in bounded memory. It fails only if nothing can be imported (an invalid
 *   option). The same inputs give the same items in the same order.
 * - `keeps` are the facts that a new dataset keeps by default: those that the inputs tell.
 *
 * @since 0.1.0
 * @category services
 */
export class ImportSource extends Context.Tag("@letterboxd-ratings/core/ImportSource")<
  ImportSource,
  {
    readonly name: string
    readonly items: (films: KnownFilms) => Stream.Stream<ImportItem, ImportError>
    readonly keeps: ReadonlyArray<Keep>
  }
>() {}
