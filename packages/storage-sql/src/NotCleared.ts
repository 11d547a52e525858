/**
 * What is said where a database could not clear what was removed.
 *
 * @since 0.1.0
 */
import { StorageError } from "@letterboxd-ratings/core"

/**
 * A failure after members were taken out of the tables: the database still holds what was removed, where a search of the
 * bytes finds it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notCleared = ({ cause, detail, place, reason, storage }: StorageError): StorageError =>
  new StorageError({
    reason,
    storage,
    place,
    detail: `the members are out of the tables, but what was removed is not cleared yet, and a search of the bytes may find it. Forget them once more to clear it. The reason: ${detail}`,
    ...(cause === undefined ? {} : { cause })
  })
