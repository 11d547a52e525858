export { type Candidate, headBytes, type ImportOptions, type InputKind, mostEntries } from "./InputKind.ts"
export { asideColumns, asideFileName, asideIn } from "./aside/AsideFile.ts"
