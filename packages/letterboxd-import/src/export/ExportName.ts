/**
 * What the name of an export tells: the member, and the time at which it was made.
 *
 * @since 0.1.0
 */
import { DateTime, Option } from "effect"

const pattern =
  /^letterboxd-(.+)-(\d{4})-(\d{2})-(\d{2})-(\d{2})-(\d{2})-utc(?:[ _.-]?\(\d+\)|[ -]copy(?: ?\d+)?)?(?:\.zip)?$/iu

/** The member and the time in a name such as `letterboxd-NAME-2026-10-03-08-15-utc.zip`; copies have ` (1)` behind it. */
export const readExportName = (
  name: string
): Option.Option<{ readonly member: string; readonly madeAt: DateTime.Utc }> => {
  const [, member, year, month, day, hour, minute] = pattern.exec(name) ?? []
  if (member === undefined) return Option.none()
  const text = `${year}-${month}-${day}T${hour}:${minute}:00.000Z`
  return DateTime.make(text).pipe(
    // 30 February would be taken for a day of March.
    Option.filter((at) => DateTime.formatIso(at) === text),
    Option.map((madeAt) => ({ member: member.toLowerCase(), madeAt }))
  )
}
