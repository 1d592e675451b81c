"""json, re, collections, itertools, functools, argparse, datetime, heapq, bisect, random, decimal as ordinary scripts use them."""
import argparse
import bisect
import collections
import datetime
import decimal
import functools
import heapq
import itertools
import json
import operator
import random
import statistics


class Encoder(json.JSONEncoder):
    def default(self, value):
        if isinstance(value, set):
            return sorted(value)
        return super().default(value)


def hook(pairs):
    return collections.OrderedDict((k.upper(), v) for k, v in pairs)


@functools.singledispatch
def show(value):
    return f"object {value}"


@show.register
def _(value: int):
    return f"int {value}"


@show.register(list)
def show_list(value):
    return "list " + ", ".join(show(v) for v in value)


@functools.total_ordering
class Version:
    def __init__(self, text):
        self.parts = tuple(int(p) for p in text.split("."))

    def __eq__(self, other):
        return self.parts == other.parts

    def __lt__(self, other):
        return self.parts < other.parts

    def __repr__(self):
        return ".".join(map(str, self.parts))


def dijkstra(graph, start):
    best, queue = {start: 0}, [(0, start)]
    while queue:
        cost, node = heapq.heappop(queue)
        if cost > best[node]:
            continue
        for target, weight in graph.get(node, {}).items():
            new = cost + weight
            if new < best.get(target, float("inf")):
                best[target] = new
                heapq.heappush(queue, (new, target))
    return best


def arguments():
    parser = argparse.ArgumentParser(prog="demo")
    parser.add_argument("files", nargs="+")
    parser.add_argument("-n", "--number", type=int, default=3)
    parser.add_argument("--verbose", action="store_true")
    print(parser.parse_args(["a", "b", "-n", "7", "--verbose"]))
    try:
        parser.parse_args(["-n", "x", "f"])
    except SystemExit as error:
        print("exit", error.code)


class Missing(dict):
    def __missing__(self, key):
        self[key] = value = len(self)
        return value


def main():
    data = {"a": [1, 2.5, None, True], "s": {3, 1}, "t": "é\n"}
    text = json.dumps(data, cls=Encoder, indent=1, sort_keys=True)
    print(text, json.loads(text), json.loads('{"x": {"y": 1}}', object_pairs_hook=hook))
    try:
        json.loads("[1, 2")
    except json.JSONDecodeError as error:
        print(error)
    try:
        json.dumps(object)
    except TypeError as error:
        print(error)
    print(collections.Counter("mississippi").most_common(2), collections.deque([1, 2, 3], maxlen=2), dict(collections.ChainMap({1: 2}, {3: 4})))
    groups = collections.defaultdict(list)
    for word in "apple avocado bean cherry cranberry".split():
        groups[word[0]].append(word)
    print(dict(groups), Missing()["k"])
    print([(k, len(list(g))) for k, g in itertools.groupby("aabbbc")], list(itertools.accumulate([1, 2, 3], operator.mul)),
          list(itertools.combinations("abc", 2)), list(itertools.product([0, 1], repeat=2))[1:3], list(itertools.starmap(pow, [(2, 3)])))
    print(functools.reduce(lambda a, b: a * b, range(1, 10)), functools.partial(int, base=2)("101"), show(3), show([1, "x"]))
    print(sorted(map(Version, "1.10 1.9 1.2.3".split())), Version("1.0") >= Version("0.9"), dijkstra({"a": {"b": 1, "c": 5}, "b": {"c": 2}}, "a"))
    arguments()
    print(datetime.date(2024, 2, 28) + datetime.timedelta(days=2), datetime.datetime(2024, 1, 2, 3).strftime("%Y-%m-%d %H"))
    r = random.Random(7)
    print([r.randint(1, 100) for _ in range(5)], r.sample(range(50), 3), statistics.mean([1, 2, 4]), statistics.stdev([1, 2, 4]))
    with decimal.localcontext() as context:
        context.prec = 30
        print(decimal.Decimal(1) / 7, bisect.bisect([1, 3, 5], 4))
    print(sorted([{"n": 3}, {"n": 1}], key=operator.itemgetter("n")), list(filter(None, [0, 1, "", "x"])), list(map(lambda a, b: a + b, [1, 2], [3, 4])))
    print(sorted("bca", key=functools.cmp_to_key(lambda a, b: (a < b) - (a > b))), min([3, 1, 2], key=lambda v: -v), any(v > 2 for v in [1, 3]))


main()
