export { type Candidate, headBytes, type ImportOptions, type InputKind, mostEntries } from "./InputKind.ts"
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
export { tables } from "./tables/Tables.ts"
export { type Feed, type FeedEntry, logEntriesOf, longestFeed, mostFeedItems } from "./feed/FeedEntries.ts"
export { feed } from "./feed/FeedInput.ts"
