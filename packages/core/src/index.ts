export { type Batch, type BatchMember, type CommitReceipt, type DatasetState, emptyDatasetState } from "./Batch.ts"
export { displayName, Film, FilmId, seenAgain, Slug, splitDisplayName } from "./Film.ts"
export * as Harvest from "./harvest/Harvest.ts"
export {
  BatchCommitted,
  HarvestEvent,
  MemberDiscovered,
  MemberRead,
  PageRead,
  RunFinished,
  RunStarted
} from "./HarvestEvent.ts"
export { type IdRegistry, makeIdRegistry } from "./IdRegistry.ts"
export { MemberListing, UserId, Username, UsernameFromText } from "./Member.ts"
export { canBeCompleted, judgeCompletion, judgeMember, type MemberReading } from "./MemberReading.ts"
export { contentAfter, contentOf, type DatasetContent, emptyContent, idGapsIn, problemsOf } from "./DatasetContent.ts"
export { loadWhole, readWhole } from "./DatasetCopy.ts"
export { Diagnostics, type KeptPage } from "./Diagnostics.ts"
export { Doubt, MemberRecord, MemberState, WaitsFor, whatMemberWaitsFor } from "./MemberRecord.ts"
export { type FilmsVerdict, type ListVersion, type Reconciliation, reconcileList } from "./MovedList.ts"
export { PageVerdict, type RatingsPage, type StatedCounts, type VerdictAction, verdictActions } from "./PageVerdict.ts"
export { ProcessIdentity, ProcessTable } from "./ProcessTable.ts"
export { EncodedRating, formatRating, Rating, ratingFromHalfStars, WatchedFilm } from "./Rating.ts"
export { membersAlike, sampleOfRatings } from "./RatingsSample.ts"
export { type RatedFilms, RatingsSource, type SourceActivity } from "./RatingsSource.ts"
export {
  type DatasetSummary,
  type OpenDataset,
  type OpenMode,
  RatingsStorage,
  type StorageCapabilities,
  type Verification,
  type WholeDataset
} from "./RatingsStorage.ts"
export { RunReport } from "./RunReport.ts"
export { SourceError, SourceErrorReason } from "./SourceError.ts"
export { StorageError, StorageErrorReason } from "./StorageError.ts"
export { errorFromVerdict } from "./VerdictError.ts"
