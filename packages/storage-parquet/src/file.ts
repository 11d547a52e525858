export { ratingsFile } from "./RatingsFile.ts"
