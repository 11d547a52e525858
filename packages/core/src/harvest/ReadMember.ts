/**
 * What was read of a member, on its way to a batch.
 *
 * @since 0.1.0
 */
import type { Username } from "../Member.ts"
import type { MemberReading } from "../MemberReading.ts"
import type { PageVerdict, RatingsPage } from "../PageVerdict.ts"
import type { MemberRecord } from "../dataset/Tables.ts"

/**
 * The pages of a member in the order they arrived in, and how often each verdict was given.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemberPages {
  readonly pages: Array<RatingsPage>
  readonly verdicts: Map<PageVerdict["_tag"], number>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const noPages = (): MemberPages => ({ pages: [], verdicts: new Map() })

/**
 * @since 0.1.0
 * @category constructors
 */
export const copyOf = ({ pages, verdicts }: MemberPages): MemberPages => ({
  pages: [...pages],
  verdicts: new Map(verdicts)
})

/**
 * A member that was read; `completes` is the record of an earlier reading whose missing pages these are, `listedFilms`
 * the number of films that the members list states.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadMember {
  readonly reading: MemberReading
  readonly collected: MemberPages
  readonly completes?: MemberRecord
  readonly listedFilms?: number
}

/**
 * What came of a member (`isNew`: one from the members list): itself and, where the site sends its visitors to another name, that one, and so on. `isStopped`
 * says that the run ended meanwhile: there is what was read until then.
 *
 * @since 0.1.0
 * @category models
 */
export interface TaskResult {
  readonly username: Username
  readonly isNew: boolean
  readonly members: ReadonlyArray<ReadMember>
  readonly isStopped: boolean
}
