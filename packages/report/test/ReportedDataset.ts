/**
 * Datasets to report on.
 */
import {
  type Batch,
  Day,
  Film,
  type Keep,
  makeIdRegistry,
  type MemberRecord,
  MemberRecord as MemberRecordSchema,
  type OpenDataset,
  Rating,
  type RatingsStorage,
  Username
} from "@letterboxd-ratings/core"
import { loadWorld } from "@letterboxd-ratings/fixtures"
import { MemoryStorage } from "@letterboxd-ratings/storage-memory"
import { type Context, DateTime, Effect, Schema } from "effect"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

type Storage = Context.Tag.Service<RatingsStorage>

/** A film that a member rated. */
interface Given {
  readonly film: Schema.Schema.Encoded<typeof Film>
  readonly stars: number
  readonly ratedOn?: string
  readonly liked?: boolean
}

/** A member with its ratings, in a batch. Its record says what is given here besides. */
export interface GivenMember {
  readonly name: string
  readonly ratings: ReadonlyArray<Given>
  readonly record?: Partial<MemberRecord>
}

export const username = Schema.decodeUnknownSync(Username)
const film = Schema.decodeUnknownSync(Film)
const rating = Schema.decodeUnknownSync(Rating)
const day = Schema.decodeUnknownSync(Day)
const record = Schema.validateSync(MemberRecordSchema)

/** Commits a batch on the `n`th day of 2026. */
const committer =
  (dataset: OpenDataset, registry = makeIdRegistry(dataset.state)) =>
  (n: number, members: ReadonlyArray<GivenMember>, keeps: ReadonlyArray<Keep> = []) =>
    Effect.suspend(() => {
      const committedAt = DateTime.unsafeMake(Date.UTC(2026, 0, n, 12))
      const rows = members.map((member) => {
        const { isNew, userId } = registry.user(username(member.name))
        const ratings = member.ratings.map((given) => {
          const seen = film(given.film)
          registry.film(seen)
          return {
            userId,
            filmId: seen.id,
            rating: rating(given.stars),
            ...(given.ratedOn === undefined ? {} : { ratedOn: day(given.ratedOn) }),
            ...(given.liked === undefined ? {} : { liked: given.liked })
          }
        })
        return {
          isNew,
          write: isNew ? ("append" as const) : ("replace" as const),
          ratings,
          record: record({
            username: username(member.name),
            userId,
            state: "sealed",
            readAt: committedAt,
            lastPage: Math.max(1, Math.ceil(ratings.length / 72)),
            missing: [],
            films: ratings.length,
            ratings: ratings.length,
            doubts: [],
            verdicts: { Films: 1 },
            ...member.record
          })
        }
      })
      const batch: Batch = { members: rows, ...registry.takeFilms(), committedAt, keeps }
      return dataset.commit(batch)
    })

/** A dataset in a storage, filled by batches. */
export const fill = <E, R>(
  storage: Storage,
  batches: (commit: ReturnType<typeof committer>) => Effect.Effect<unknown, E, R>
) =>
  storage.open({ _tag: "new", existing: "refuse" }).pipe(
    Effect.flatMap((dataset) => batches(committer(dataset))),
    Effect.scoped,
    Effect.as(storage)
  )

/** The same in memory. */
export const filled = <E, R>(batches: (commit: ReturnType<typeof committer>) => Effect.Effect<unknown, E, R>) =>
  Effect.suspend(() => fill(MemoryStorage.make({ place: "dataset" }), batches))

/** The real world, where it is. */
const worldFolder = fileURLToPath(new URL("../../../../shared/world/", import.meta.url))
export const isWorldAbsent = !fs.existsSync(worldFolder)

/** Its members, with their rated films. */
export const worldMembers = Effect.map(
  loadWorld({ films: `${worldFolder}films.csv`, watched: `${worldFolder}watched.csv.gz` }),
  ({ members }): ReadonlyArray<GivenMember> =>
    members.map(({ films, username }) => ({
      name: username,
      ratings: films.flatMap(({ film: { id, slug, title, year }, rating: stars }) =>
        stars === undefined ? [] : [{ film: { id, slug, title, ...(year === undefined ? {} : { year }) }, stars }]
      ),
      record: { films: films.length, statedFilms: films.length }
    }))
)

/** The real world as a dataset, thirty members a batch. */
export const worldStorage = (members: ReadonlyArray<GivenMember>) =>
  filled((commit) =>
    Effect.forEach(
      Array.from({ length: Math.ceil(members.length / 30) }, (_, i) => i),
      (i) => commit(i + 1, members.slice(i * 30, i * 30 + 30)),
      { discard: true }
    )
  )
