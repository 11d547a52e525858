/**
 * Looks at the files of a dataset with nothing but Node, as somebody would who knows only their description in the
 * README: the six files are there and agree with each other.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const folder = process.argv[2] ?? "data_output"
const rows = (file, header) => {
  const [first, ...lines] = readFileSync(join(folder, file), "utf8").replace(/\n$/u, "").split("\n")
  assert.equal(first, header, file)
  return lines
}
const ratings = rows("latest_raw_user_ratings.csv", "user_id,film_id,rating").map((line) => line.split(","))
const users = rows("latest_user_mappings.csv", "username,numeric_user_id").map((line) => line.split(","))
const films = rows("latest_film_mappings.csv", "film_id,film_title,film_slug")
const translated = rows("latest_translated_user_ratings.csv", "username,film_title,rating")
const updates = rows("latest_user_updates.csv", "username,last_updated")
const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))

assert.ok(ratings.length > 1000, "a run over 20 members has more than a thousand ratings")
assert.equal(translated.length, ratings.length)
assert.equal(users.length, 20)
assert.deepEqual(
  users.map(([, id]) => Number(id)),
  users.map((_, i) => i + 1)
)
assert.ok(updates.length <= users.length && updates.length > 0)
const filmIds = new Set(films.map((line) => line.split(",")[0]))
const userIds = new Set(users.map(([, id]) => id))
assert.equal(filmIds.size, films.length)
assert.equal(new Set(ratings.map(([user, film]) => `${user},${film}`)).size, ratings.length)
for (const [user, film, rating] of ratings) {
  assert.ok(userIds.has(user) && filmIds.has(film), `${user},${film} is not mapped`)
  assert.match(rating, /^(?:[0-4]\.5|[1-5]\.0)$/u)
}
assert.equal(typeof manifest, "object")
process.stdout.write(`${folder}: ${users.length} members, ${films.length} films, ${ratings.length} ratings\n`)
