"""The ways of the original tool, in its language, to measure beside ours.

  start             loads what a script for pages and CSV loads
  parse FILE...     makes a document tree of each page and looks for its films; prints the seconds of processor time a page
  join FOLDER       reads all ratings of a dataset row by row, and looks up the names of each
  rewrite FOLDER    reads all raw ratings, adds 13,000 and writes all of them; prints the milliseconds

Its usage is written to file descriptor 3, as TellUsage.mjs does.
"""
import csv
import html.parser
import json
import os
import resource
import sys
import time
import urllib.request  # noqa: F401  A script that reads pages loads it.

try:
    from bs4 import BeautifulSoup
except ImportError:
    BeautifulSoup = None

tree_by = "BeautifulSoup" if BeautifulSoup else "html.parser, without BeautifulSoup"
raw = "latest_raw_user_ratings.csv"
header = ["user_id", "film_id", "rating"]
empty = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Tree(html.parser.HTMLParser):
    """A document tree on the parser that BeautifulSoup uses, without the rest of BeautifulSoup."""

    def __init__(self):
        super().__init__()
        self.open = [{"name": "", "attributes": {}, "children": []}]
        self.all = []

    def handle_starttag(self, tag, attrs):
        element = {"name": tag, "attributes": dict(attrs), "children": []}
        self.open[-1]["children"].append(element)
        self.all.append(element)
        if tag not in empty:
            self.open.append(element)

    def handle_endtag(self, tag):
        for i in range(len(self.open) - 1, 0, -1):
            if self.open[i]["name"] == tag:
                del self.open[i:]
                return

    def handle_data(self, data):
        self.open[-1]["children"].append(data)


def films_in(page):
    if BeautifulSoup is not None:
        soup = BeautifulSoup(page, "html.parser")
        return len(soup.find_all("li", class_="griditem")) + len(soup.find_all("li", class_="poster-container"))
    tree = Tree()
    tree.feed(page)
    items = [one for one in tree.all if one["name"] == "li"]
    return sum(1 for one in items if {"griditem", "poster-container"} & set((one["attributes"].get("class") or "").split()))


def parse(files):
    pages = []
    for file in files:
        with open(file, encoding="utf-8") as page:
            pages.append(page.read())
    began = time.process_time()
    films = sum(films_in(page) for page in pages)
    seconds = (time.process_time() - began) / len(pages)
    print(json.dumps({"seconds": seconds, "films": films, "tree": tree_by}))


def table(folder, name):
    return csv.DictReader(open(os.path.join(folder, name), encoding="utf-8", newline=""))


def join(folder):
    users = {row["numeric_user_id"]: row["username"] for row in table(folder, "latest_user_mappings.csv")}
    films = {row["film_id"]: row["film_title"] for row in table(folder, "latest_film_mappings.csv")}
    rows = 0
    for row in table(folder, raw):
        joined = {"username": users[row["user_id"]], "film_title": films[row["film_id"]], "rating": row["rating"]}
        rows += len(joined) // 3
    print(json.dumps({"rows": rows}))


def rewrite(folder):
    began = time.perf_counter()
    rewritten = os.path.join(folder, "rewritten.csv")
    with open(rewritten, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table(folder, raw))
        writer.writerows({"user_id": "9999999", "film_id": str(10000001 + n), "rating": "3.5"} for n in range(13000))
    os.remove(rewritten)
    print(json.dumps({"milliseconds": (time.perf_counter() - began) * 1000}))


def peak_kilobytes(usage):
    """Linux counts the memory of the process that started this one into ru_maxrss."""
    if sys.platform == "linux":
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    return usage.ru_maxrss / 1024 if sys.platform == "darwin" else usage.ru_maxrss


def tell_usage():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    processor = usage.ru_utime + usage.ru_stime
    os.write(3, json.dumps({"processor": processor, "megabytes": peak_kilobytes(usage) / 1000, "collecting": 0}).encode())


way, *arguments = sys.argv[1:]
if way == "start":
    print(json.dumps({"python": sys.version.split()[0]}))
elif way == "parse":
    parse(arguments)
elif way == "join":
    join(arguments[0])
elif way == "rewrite":
    rewrite(arguments[0])
else:
    sys.exit(__doc__)
tell_usage()
