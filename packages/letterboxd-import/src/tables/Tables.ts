/**
 * The kinds of input that are tables of ratings.
 *
 * @since 0.1.0
 */
import type { InputKind } from "../InputKind.ts"
import { table } from "./AnyTable.ts"
import { freeth } from "./Freeth.ts"
import { movielens } from "./MovieLensTables.ts"
import { original } from "./OriginalFolder.ts"
import { samlearner } from "./Samlearner.ts"

/**
 * The kinds of input that are public datasets or tables of anybody's: `samlearner`, `freeth`, `movielens`, `original` and
 * `table`. A dataset is a folder or a ZIP, which is read in a stream. All lists are `Unproven`. An input takes eight bytes of memory a rating, and the names of its members and films;
 * it is read to its end before the first member comes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tables: ReadonlyArray<InputKind> = [samlearner, freeth, movielens, original, table]
