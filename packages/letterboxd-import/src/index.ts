export { type Candidate, headBytes, type ImportOptions, type InputKind, mostEntries } from "./InputKind.ts"
