/**
 * How much of a slow suite is run: all of it with `LB_TESTS=full` (`pnpm test:full`), otherwise a sample that a seed
 * chooses. The seed is the number of today (days since 1970) or `LB_TESTS_SEED`. Seeds that follow each other choose
 * cases that follow each other, so a sample of one in seven has run every case after seven days, or seven turns of a suite
 * that is not run every day.
 */

/** Whether everything is run. */
export const isFull = process.env["LB_TESTS"] === "full"
const seed = Number(process.env["LB_TESTS_SEED"] ?? Math.floor(Date.now() / 86_400_000))
if (!Number.isSafeInteger(seed) || seed < 0) throw new Error("LB_TESTS_SEED must be a whole number, at least 0.")

const told = new Set<string>()
/** What was left out is said once, on a line of its own. */
const tell = (chosen: number, all: number, what: string): void => {
  const line = `sampled ${chosen} of ${all} ${what}, seed ${seed}; pnpm test:full runs all\n`
  if (!told.has(line)) process.stdout.write(line)
  told.add(line)
}

/** `scripts/test.mjs` does not run a slow suite each day. Its turns, not its days, are what must go through all cases. */
const turn = process.env["MODE"] === "slow" ? Number(process.env["LB_SLOW_TURN"] ?? seed) : seed

/** Suites of the same length begin at different places. */
const startOf = (what: string): number => [...what].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), turn)

/** All cases, or at most `most` of them at equal distances. `what` names them: "fault points of CsvStorage". */
export const sample = <A>(what: string, all: ReadonlyArray<A>, most: number): ReadonlyArray<A> => {
  if (isFull || all.length <= most) return all
  const distance = Math.ceil(all.length / most)
  const first = startOf(what) % distance
  const chosen = all.filter((_, i) => i % distance === first)
  tell(chosen.length, all.length, what)
  return chosen
}

/** For cases that are made at random: how many to make, and from which seed. The full number begins at `fullSeed`. */
export const randomCases = (
  what: string,
  { full, fullSeed, most }: { readonly full: number; readonly fullSeed: number; readonly most: number }
): { readonly count: number; readonly seed: number } => {
  if (isFull || full <= most) return { count: full, seed: fullSeed }
  tell(most, full, what)
  return { count: most, seed: fullSeed + startOf(what) }
}
