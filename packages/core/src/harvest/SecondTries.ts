/**
 * Gives what is missing of a batch's members a second try before the batch is committed.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Username } from "../domain/Member.ts"
import type { MemberReader } from "./MemberReader.ts"
import type { ReadMember, TaskResult } from "./ReadMember.ts"

/**
 * The members of a batch after their second tries, in the order of the batch. All of them are tried at the same time, as
 * many as are read at the same time otherwise; only the names that one of them leads to are tried one after the other,
 * because the second try of a name leads to the next ones again. Members in `isHandled` are not tried: an earlier batch
 * has them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readBatchAgain = (
  reader: Pick<MemberReader, "readAgain">,
  batch: Iterable<TaskResult>,
  isHandled: (username: Username) => boolean,
  membersInFlight: number
): Effect.Effect<ReadonlyArray<ReadMember>> => {
  const readOnWay = (way: ReadonlyArray<ReadMember>) =>
    Effect.reduce(way, new Array<ReadMember>(), (done, member) =>
      isHandled(member.reading.username) || done.some(({ reading }) => reading.username === member.reading.username)
        ? Effect.succeed(done)
        : Effect.map(reader.readAgain(member), (now) => [...done, ...now])
    )
  return Effect.map(
    Effect.forEach(batch, ({ members }) => readOnWay(members), { concurrency: membersInFlight }),
    (members) => members.flat()
  )
}
