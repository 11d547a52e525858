export { asideColumns, asideFileName, asideIn } from "./aside/AsideFile.ts"
export { officialExport } from "./export/OfficialExport.ts"
export { type Candidate, headBytes, type ImportOptions, type InputKind, mostEntries } from "./InputKind.ts"
export { defaultInputBounds, findInputs, type InputBounds, type Inputs, type SearchedFolder } from "./Inputs.ts"
export * as LetterboxdImport from "./LetterboxdImport.ts"
export { defaultZipBounds, openZip, type ZipArchive, type ZipBounds, type ZipEntry } from "./reading/ZipArchive.ts"
export {
  columnsAt,
  decimalFrom,
  delimitedBlocks,
  type DelimitedBlock,
  type DelimitedForm,
  type DelimitedRow,
  detachedText,
  fileBytes,
  formWords,
  longestRow,
  mostColumns
} from "./reading/DelimitedRows.ts"
export { readNumbersBySlug } from "./tables/NumbersBySlug.ts"
export { tables } from "./tables/Tables.ts"
export { type Feed, type FeedEntry, logEntriesOf, longestFeed, mostFeedItems } from "./feed/FeedEntries.ts"
export { feed } from "./feed/FeedInput.ts"
export { type FeedsOptions, feedsOfMembers } from "./feed/FeedsOfMembers.ts"
export {
  type Capture,
  type IsWanted,
  keptHeaders,
  type KeptHeaders,
  largestText,
  SavedRecord,
  type SkipReason
} from "./saved/Capture.ts"
export { readHar } from "./saved/Har.ts"
export * as Recording from "./saved/Recording.ts"
export { PageAddress, pageAddress } from "./saved/PageAddress.ts"
export { readSavedHtml } from "./saved/SavedHtml.ts"
export { savedPages } from "./saved/SavedPages.ts"
export { readWacz } from "./saved/Wacz.ts"
export { readWarc } from "./saved/Warc.ts"
