"""Reads exports as strictly as loaders may, and splits the ratings again.

Arguments: a folder with a folder for each export, and the seed. `ratings` is a file with a line "user film halfstars" for
each rating that the exports must hold. Ends with an error at the first thing that is wrong.
"""

import csv
import hashlib
import os
import sys

import numpy as np

folder, seed = sys.argv[1], sys.argv[2]
expected = np.loadtxt(os.path.join(folder, "ratings"), dtype=np.int64)
expected = expected[np.lexsort((expected[:, 1], expected[:, 0]))]


def table(export, name, delimiter, columns):
    """The first three columns of a file, which holds numbers only and is sorted."""
    place = os.path.join(folder, export, name)
    with open(place, encoding="utf-8", newline="") as file:
        header = file.readline().rstrip("\n").split(delimiter)
        assert header[: len(columns)] == columns, header
    cells = np.loadtxt(place, dtype=np.float64, delimiter=delimiter, skiprows=1, usecols=range(len(columns)), ndmin=2)
    ids = cells[:, :2].astype(np.int32)
    assert np.array_equal(ids, cells[:, :2]) and ids.min() > 0, "ids are whole numbers of 32 bits"
    assert np.array_equal(np.lexsort((ids[:, 1], ids[:, 0])), np.arange(len(ids))), "sorted by both ids"
    halfstars = (cells[:, 2] * 2).astype(np.int64)
    assert np.array_equal(halfstars, cells[:, 2] * 2) and halfstars.min() >= 1 and halfstars.max() <= 10
    return np.column_stack((ids.astype(np.int64), halfstars))


def is_all(parts):
    rows = np.concatenate(parts)
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    assert np.array_equal(rows, expected), "every rating, once"


def joins(export, name, delimiter, films):
    """A table of films in which each cell has a value and each film of the ratings is, once."""
    with open(os.path.join(folder, export, name), encoding="utf-8", newline="") as file:
        quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
        rows = list(csv.reader(file, delimiter=delimiter, quoting=quoting))[1:]
    ids = [int(row[0]) for row in rows]
    assert len(set(ids)) == len(ids) and set(films.tolist()) <= set(ids), name
    return rows


def mixed(h):
    h = h.astype(np.uint32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def hashes(rows):
    users = np.unique(rows[:, 0])
    digests = [hashlib.sha256(f"{seed}:{user}".encode()).digest() for user in users.tolist()]
    keys = np.array([[int.from_bytes(one[i : i + 4], "big") for i in (0, 4, 8)] for one in digests], dtype=np.uint32)
    keys = keys[np.searchsorted(users, rows[:, 0])]
    split = mixed(mixed(rows[:, 1].astype(np.uint32) ^ keys[:, 0]) ^ keys[:, 1])
    return split, mixed(split ^ keys[:, 2])


movielens = ["userId", "movieId", "rating"]
recbole = ["user_id:token", "item_id:token", "rating:float"]
films = np.unique(expected[:, 1])

whole = table("movielens", "ratings.csv", ",", movielens)
is_all([whole])
for row in joins("movielens", "movies.csv", ",", films):
    assert len(row) >= 3 and row[1] != "" and row[2] != "", row
for row in joins("movielens", "links.csv", ",", films):
    assert row[1] == "" or (row[1].isdigit() and len(row[1]) >= 7), row

split, validation = hashes(expected)
is_test = split < 0.1 * 2**32
is_valid = ~is_test & (validation < 0.1 * 2**32)

train = table("random", "ratings.train.csv", ",", movielens)
test = table("random", "ratings.test.csv", ",", movielens)
is_all([train, test])
assert np.array_equal(test, expected[is_test])

parts = [table("recbole", f"letterboxd.{part}.inter", "\t", recbole) for part in ("train", "valid", "test")]
is_all(parts)
assert np.array_equal(parts[2], expected[is_test]) and np.array_equal(parts[1], expected[is_valid])
for row in joins("recbole", "letterboxd.item", "\t", films):
    assert "" not in row, row

train = table("leave-one-out", "ratings.train.csv", ",", movielens)
test = table("leave-one-out", "ratings.test.csv", ",", movielens)
is_all([train, test])
order = np.lexsort((split, expected[:, 0]))
smallest = order[np.concatenate(([True], np.diff(expected[order, 0]) > 0))]
assert np.array_equal(test, expected[np.sort(smallest)])

print(len(whole), len(films), int(is_test.sum()), int(is_valid.sum()), len(test))
