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
export { contentAfter, contentOf, type DatasetContent, emptyContent, idGapsIn, problemsOf } from "./DatasetContent.ts"
export { loadWhole, readWhole } from "./DatasetCopy.ts"
export { Diagnostics, type KeptPage } from "./Diagnostics.ts"
export { Doubt, MemberRecord, MemberState, WaitsFor, whatMemberWaitsFor } from "./MemberRecord.ts"
export { ProcessIdentity, ProcessTable } from "./ProcessTable.ts"
export { EncodedRating, formatRating, Rating, ratingFromHalfStars, WatchedFilm } from "./Rating.ts"
export { membersAlike, sampleOfRatings } from "./RatingsSample.ts"
export {
  activityOf,
  type RatedFilms,
  ratedFilmsOf,
  RatingsSource,
  type SourceActivity,
  type SourceFinding
} from "./RatingsSource.ts"
export {
  type DatasetSummary,
  type OpenDataset,
  type OpenMode,
  RatingsStorage,
  type StorageCapabilities,
  type Verification,
  type WholeDataset
} from "./RatingsStorage.ts"
export {
  type FilmsContent,
  labelOf,
  type ListPart,
  type MissingExtent,
  type MissingReason,
  missingReason,
  PartContent,
  type StatedCounts
} from "./reading/ListPart.ts"
export { canBeCompleted, judgeCompletion, judgeMember, type MemberReading } from "./reading/MemberReading.ts"
export { type ListVersion, type Reconciliation, reconcileList } from "./reading/MovedList.ts"
export { RunReport } from "./RunReport.ts"
export { SourceError, SourceErrorReason } from "./SourceError.ts"
export { examineSource } from "./SourceExamination.ts"
export { StorageError, StorageErrorReason } from "./StorageError.ts"
