export { fileColumn } from "./ColumnMeanings.ts"
export { type Core, coresOf } from "./Cores.ts"
export { type ChangesSince } from "./EarlierExport.ts"
export { dataCard, type DataCardFacts, dataCardName } from "./DataCard.ts"
export {
  exportFiles,
  type ExportFilesOptions,
  type ExportOptions,
  type ExportReport,
  exportToStorage
} from "./ExportDataset.ts"
export {
  anonymised,
  anonymousIds,
  type ExportedDataset,
  type ExportedPart,
  type Indexes,
  withNames,
  writeParts
} from "./ExportedDataset.ts"
export {
  describeFile,
  describeFolder,
  type ExportedFile,
  type FileColumn,
  type FileRows,
  ofRatings,
  ofWatched,
  writeFile
} from "./ExportedFile.ts"
export { type CardCopy, type ExportFormat } from "./ExportFormat.ts"
export { jsonLines } from "./JsonLines.ts"
export { kaggle } from "./Kaggle.ts"
export { letterboxdImport } from "./LetterboxdImport.ts"
export { movieLens } from "./MovieLens.ts"
export { type NumbersElsewhere } from "./NumbersElsewhere.ts"
export { type Preparation } from "./Preparation.ts"
export { type Quantile, quantilesOf } from "./Quantiles.ts"
export { orderOf, type RatingPairs, startsOf } from "./RatingPairs.ts"
export { type RatingTally } from "./RatingTally.ts"
export { Timestamps } from "./RatingTimes.ts"
export { recBole } from "./RecBole.ts"
export { type RunningSha256, Sha256 } from "./Sha256.ts"
export { Split } from "./Split.ts"
export { asText, spreadsheet } from "./Spreadsheet.ts"
export { keptRatingColumns, type RatingColumn, ratingColumns, textIn } from "./RatingColumns.ts"
