export { datasetAsOf } from "./dataset/AsOf.ts"
export {
  type Batch,
  type BatchMember,
  type CommitReceipt,
  type DatasetState,
  emptyDatasetState,
  idGapsIn,
  noRows,
  type RowCounts
} from "./dataset/Batch.ts"
export { type DatasetChanges, type RowChanges, type StateTables } from "./dataset/Changes.ts"
export {
  allKeeps,
  type Cell,
  cellThrough,
  type ColumnOrigin,
  Keep,
  type Keeps,
  noKeeps,
  type StoredType,
  type StoredValues
} from "./dataset/Column.ts"
export { contentAfter, DatasetContent, emptyContent, problemsOf, rowStreamsOf } from "./dataset/DatasetContent.ts"
export {
  type Forgetting,
  forgettingBatch,
  forgottenIn,
  isForgottenIn,
  membersIn,
  whomToForget,
  withoutForgotten
} from "./dataset/Forgotten.ts"
export {
  isFormerName,
  joinNames,
  type JoinedNames,
  type LiveMembers,
  liveMembersOf,
  mayBeOneMember,
  type Rename,
  renamingMembers,
  wordsOfRename
} from "./dataset/Renaming.ts"
export { heldRowsOf, type HeldRows, noHeldRows } from "./dataset/HeldRows.ts"
export { changedMeanwhile, loadWhole, readWhole } from "./dataset/DatasetCopy.ts"
export { areReadAgain, loggedReadings } from "./dataset/History.ts"
export { displayName, nameWithoutTitle, seenAgain } from "./dataset/FilmIdentity.ts"
export { type GrowingNumbers, growingNumbers } from "./dataset/GrowingNumbers.ts"
export { type IdPlaces, idPlaces } from "./dataset/IdPlaces.ts"
export { type IdRegistry, makeIdRegistry } from "./dataset/IdRegistry.ts"
export {
  checksInSql,
  makeRowChecks,
  mostProblems,
  problemsOfMembers,
  type RowChecks,
  type SqlTables
} from "./dataset/Invariants.ts"
export { Doubt, MemberState, Proof } from "./dataset/MemberState.ts"
export { type DatasetWriter, openedDataset } from "./dataset/OpenedDataset.ts"
export { ProcessIdentity, ProcessTable } from "./dataset/ProcessTable.ts"
export {
  blocksOfRows,
  filmIdAt,
  filterBlock,
  forEachRating,
  type GrowingBlock,
  growingBlock,
  type RatingBlock,
  ratingBlockOf,
  ratingBlocksOf,
  ratingsOf,
  rowsOfBlocks,
  runForEachRating,
  streamOfRows,
  userIdAt
} from "./dataset/RatingBlock.ts"
export { type LinePiece, linesOfBlocks, ratingLines } from "./dataset/RatingLines.ts"
export { membersAlike, sampleOfRatings } from "./dataset/RatingsSample.ts"
export {
  type DatasetSummary,
  type OpenDataset,
  type OpenMode,
  RatingsStorage,
  type DatasetRows,
  noRowStreams,
  type RowsOfMembers,
  type RowStreams,
  rowStreams,
  type Verification,
  type WholeDataset
} from "./dataset/RatingsStorage.ts"
export { Remedy, StorageError, StorageErrorReason } from "./dataset/StorageError.ts"
export { type RowReader, type Table, type TableColumn, withoutUnkept } from "./dataset/Table.ts"
export {
  type BareMember,
  EncodedRating,
  EncodedWatch,
  Film,
  formatOf,
  type KnownFacts,
  knownFacts,
  latestFormat,
  LoggedReading,
  type Member,
  MemberRecord,
  MemberUpdate,
  namesOfFacts,
  RatingChange,
  type RatingFacts,
  type RowOf,
  type RowTable,
  rowTables,
  rowTablesOf,
  stateTables,
  WatchedFilm,
  watchedFilmReader
} from "./dataset/Tables.ts"
export { WaitsFor, whatMemberWaitsFor } from "./dataset/WhatMemberWaitsFor.ts"
export {
  FilmId,
  filmIdFromNumber,
  ImdbId,
  Slug,
  splitDisplayName,
  Title,
  titleFromText,
  TmdbId,
  Year
} from "./domain/Film.ts"
export * as Harvest from "./harvest/Harvest.ts"
export {
  BatchCommitted,
  HarvestEvent,
  MemberDiscovered,
  MemberLeftOut,
  MemberRead,
  PageRead,
  RunFinished,
  RunStarted
} from "./harvest/HarvestEvent.ts"
export { changeFrequency, type ChangeRate, changeRates } from "./refresh/ChangeRates.ts"
export * as FeedRefresh from "./refresh/FeedRefresh.ts"
export {
  type FeedImport,
  type FeedRefreshEvent,
  type FeedRefreshReport,
  FeedsPlanned,
  isCurrentByFeed
} from "./refresh/FeedRefresh.ts"
export * as Refresh from "./refresh/Refresh.ts"
export { type RefreshEvent, RefreshPlanned, RefreshReport } from "./refresh/Refresh.ts"
export { makePlan, PlannedMember, RefreshPlan, RefreshReason } from "./refresh/RefreshPlan.ts"
export * as Import from "./importing/Import.ts"
export {
  ImportEvent,
  ImportFinished,
  ImportReport,
  ImportStarted,
  InputFound,
  InputProgress,
  InputRead,
  InputRefused,
  ImportNoted,
  MemberImported,
  MemberOutcome
} from "./importing/ImportReport.ts"
export { ImportError, ImportErrorReason } from "./importing/ImportError.ts"
export {
  type AsideRow,
  ImportedList,
  type ImportedEntry,
  type ImportedMember,
  ImportItem,
  type EntriesWindow,
  ImportSource,
  InputCounts,
  type KnownFilms
} from "./importing/ImportSource.ts"
export { codeOfNumber, ExportLink, linkCode, numberOfCode, readLink, usualFilmNumber } from "./domain/LinkCode.ts"
export { MemberListing, UserId, Username, UsernameFromText } from "./domain/Member.ts"
export { Diagnostics, type KeptPage } from "./reading/Diagnostics.ts"
export { Day, formatRating, Rating, ratingFromHalfStars, ratingsByHalfStars } from "./domain/Rating.ts"
export {
  activityOf,
  type RatedFilms,
  ratedFilmsOf,
  RatingsSource,
  type SourceActivity,
  type SourceFinding
} from "./reading/RatingsSource.ts"
export {
  type FilmsContent,
  labelOf,
  type ListPart,
  type MissingExtent,
  type MissingReason,
  missingReason,
  mostParts,
  PartContent,
  type StatedCounts
} from "./reading/ListPart.ts"
export { canBeCompleted, judgeCompletion, judgeMember, type MemberReading } from "./reading/MemberReading.ts"
export { type ListVersion, type Reconciliation, reconcileList } from "./reading/MovedList.ts"
export { checkedSource, sourceFailure } from "./reading/CheckedSource.ts"
export { RunReport } from "./harvest/RunReport.ts"
export { SourceError, SourceErrorReason } from "./reading/SourceError.ts"
export { examinationStepLimit, examineSource } from "./reading/SourceExamination.ts"
