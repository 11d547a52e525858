"""The k-core of ratings, by matrices.

Standard input: pairs of minima, such as 5/5 20/20 (ratings of a member, ratings of a film), in the first line, then a line
"user film" for each rating. Standard output: a line for each pair of minima: how many members, films and ratings stay, and
a checksum over these ratings.
"""

import sys
from zlib import crc32

import numpy as np
from scipy.sparse import csr_matrix, diags_array

minima = [tuple(map(int, pair.split("/"))) for pair in sys.stdin.readline().split()]
pairs = np.loadtxt(sys.stdin, dtype=np.int64)
users, films = pairs[:, 0], pairs[:, 1]
whole = csr_matrix((np.ones(len(pairs), dtype=np.int64), (users, films)))
for least_of_user, least_of_film in minima:
    left, before = whole, -1
    while left.nnz != before:
        before = left.nnz
        left = diags_array((left.getnnz(axis=1) >= least_of_user).astype(np.int64)) @ left
        left = csr_matrix(left)
        left.eliminate_zeros()
        left = left @ diags_array((left.getnnz(axis=0) >= least_of_film).astype(np.int64))
        left = csr_matrix(left)
        left.eliminate_zeros()
    kept_users, kept_films = left.nonzero()
    order = np.lexsort((kept_films, kept_users))
    text = "\n".join(f"{u} {f}" for u, f in zip(kept_users[order].tolist(), kept_films[order].tolist()))
    print(len(set(kept_users.tolist())), len(set(kept_films.tolist())), left.nnz, crc32(text.encode()))
