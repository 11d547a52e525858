export { huggingFace } from "./HuggingFace.ts"
export { ratingsFile } from "./RatingsFile.ts"
