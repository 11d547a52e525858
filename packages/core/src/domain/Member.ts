/**
 * Members of Letterboxd, and the ids this dataset gives them.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * A member's name as it stands in addresses: 2 to 15 lower-case letters, digits and underscores. The site ignores
 * case; `null`, `nan`, `true` and `123` are possible names and mean nothing else.
 *
 * @since 0.1.0
 * @category models
 */
export const Username = Schema.String.pipe(
  Schema.pattern(/^[a-z0-9_]{2,15}$/u, {
    message: () => "a member's name has 2 to 15 letters, digits or underscores"
  }),
  Schema.brand("Username")
)

/**
 * @since 0.1.0
 * @category models
 */
export type Username = typeof Username.Type

/**
 * Reads a name as people and pages write it, in any case and with spaces around it.
 *
 * @since 0.1.0
 * @category models
 */
export const UsernameFromText = Schema.compose(Schema.compose(Schema.Trim, Schema.Lowercase), Username, {
  strict: false
})

/**
 * This dataset's own number of a member: 1, 2, 3 ... in order of discovery, never given twice. Up to 2,147,483,647, which
 * every storage can keep: those with columns keep 32 bits.
 *
 * @since 0.1.0
 * @category models
 */
export const UserId = Schema.Int.pipe(Schema.between(1, 2_147_483_647), Schema.brand("UserId"))

/**
 * @since 0.1.0
 * @category models
 */
export type UserId = typeof UserId.Type

/**
 * A member as a list of members shows it: `films` is the number of films watched that the list states.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberListing = Schema.Struct({
  username: Username,
  films: Schema.optionalWith(Schema.NonNegativeInt, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface MemberListing extends Schema.Schema.Type<typeof MemberListing> {}
