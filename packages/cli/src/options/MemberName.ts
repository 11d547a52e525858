/**
 * Names of members, as users type them.
 *
 * @since 0.1.0
 */
import { type Username, UsernameFromText } from "@letterboxd-ratings/core"
import { Either, Schema } from "effect"
import { shown } from "../Shown.ts"

/** The address of a profile, or of the member's films. */
const profile = /^(?:https?:\/\/)?(?:www\.)?letterboxd\.com\/(?<name>\w+)(?:\/(?:films(?:\/[^?#]*)?)?)?(?:[?#].*)?$/iu

/**
 * A member's name in upper or lower case, with or without @, or the URL of the profile: `davee`, `@Davee`,
 * `letterboxd.com/davee`, `https://letterboxd.com/davee/films/`.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberName: Schema.Schema<Username, string> = Schema.transform(Schema.Trim, UsernameFromText, {
  strict: true,
  decode: (text) => profile.exec(text)?.groups?.["name"] ?? text.replace(/^@/u, ""),
  encode: (name) => name
}).annotations({
  message: () => ({
    message: "must be a member name of 2 to 15 letters, digits or underscores, as in the URL of the profile",
    override: true
  })
})

/**
 * Several names, separated by commas.
 *
 * @since 0.1.0
 * @category models
 */
export const MemberNames: Schema.Schema<ReadonlyArray<Username>, string> = Schema.transform(
  Schema.String,
  Schema.Array(MemberName),
  {
    strict: true,
    decode: (text) => text.split(","),
    encode: (names) => names.join(",")
  }
).annotations({
  message: () => ({
    message: "must be member names separated by commas, as in the URLs of their profiles",
    override: true
  })
})

const decode = Schema.decodeEither(MemberName)

/**
 * The member's name, or what is wrong with the text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const memberNamed = (text: string): Either.Either<Username, string> =>
  Either.mapLeft(
    decode(text),
    () =>
      `${shown(text)} is not a member name. A name has 2 to 15 letters, digits or underscores, as in the URL of the profile.`
  )
