"""Intervals and p-values of comparisons for tests/host/analyse/golden_test.cpp.

    pip install numpy scipy
    python tests/golden/scripts/statistics.py > tests/golden/statistics.json

A slow implementation of the definitions in results/METHODS.md: groups are left out one by one, degrees of
freedom come from full covariance matrices, metrics are recomputed without each item.
"""

import itertools
import json
import math

import numpy
from scipy import stats

random = numpy.random.default_rng(20261129)


# --- Clusters


def codes(names):
    return numpy.unique(names, return_inverse=True)[1]


def together(*columns):
    return codes(["|".join(map(str, row)) for row in zip(*columns)])


def lies_within(fine, coarse):
    return len(set(zip(fine, coarse))) == len(set(fine))


def dimensions_of(groups, given):
    """Dimensions that count: not nested in a wider one, not constant within the given groups."""
    columns = sorted((codes(names) for names in groups), key=lambda column: column.max())
    if given is not None:
        columns = [column for column in columns if not lies_within(given, column)]
    kept = []
    for column in columns:
        if not any(lies_within(column, wider) for wider in kept):
            kept.append(column)
    return kept


def leave_out(values, mean, column):
    """Change of the mean if each group is left out, for values with mean `mean`."""
    n = len(values)
    return numpy.array(
        [
            (n * mean - values[column == g].sum()) / (n - (column == g).sum()) - mean
            for g in range(column.max() + 1)
        ]
    )


def strata_residuals(values, mean, given, column):
    """Distances from the means of the strata, scaled to be right on average; degrees of freedom taken."""
    groups = column.max() + 1
    result, used = values.copy(), 0
    for stratum in range(given.max() + 1):
        inside = given == stratum
        own = len(set(column[inside]))
        if own > 1:
            scale = math.sqrt(own / (own - 1) * (groups - 1) / groups)
            result[inside] = mean + scale * (values[inside] - values[inside].mean())
            used += 1
    pairs = len(set(zip(given, column)))
    return result, max(0.0, used - 1 - (pairs / groups - 1))


def intraclass_correlation(values, mean, column):
    n, groups = len(values), column.max() + 1
    if n == groups:
        return 0.0
    sizes = numpy.bincount(column)
    means = numpy.array([values[column == g].mean() for g in range(groups)])
    between = (sizes * (means - mean) ** 2).sum()
    within = ((values - mean) ** 2).sum() - between
    mean_between, mean_within = between / (groups - 1), max(0.0, within) / (n - groups)
    typical = (n - (sizes**2).sum() / n) / (groups - 1)
    common = (mean_between - mean_within) / typical
    return min(1.0, max(0.0, common / (common + mean_within))) if common + mean_within > 0 else 0.0


def bell_mccaffrey(column, rho):
    """trace(B)^2 / trace(B^2), where B is the covariance of the leave-one-out means under random effects."""
    n, groups = len(column), column.max() + 1
    member = (column[None, :] == numpy.arange(groups)[:, None]).astype(float)
    sizes = member.sum(1)
    change = (numpy.outer(sizes, numpy.ones(n)) / n - member) / (n - sizes)[:, None]
    covariance = (1 - rho) * numpy.eye(n) + rho * (column[:, None] == column[None, :])
    b = change @ covariance @ change.T
    return numpy.trace(b) ** 2 / numpy.trace(b @ b)


def mean_variance(values, groups, given=None):
    """Mean, its variance, degrees of freedom, and the smallest number of groups."""
    values, mean, taken = numpy.asarray(values, float), float(numpy.mean(values)), 0.0
    kept = dimensions_of(groups, given)
    if given is not None:
        values, taken = strata_residuals(values, mean, given, kept[0])
    parts, degrees = [], [float(len(values))]
    for size in range(1, len(kept) + 1):
        for chosen in itertools.combinations(kept, size):
            column = together(*chosen)
            changes = leave_out(values, mean, column)
            count = len(changes)
            variance = (count - 1) / count * (changes**2).sum()
            parts.append((variance if size % 2 else -variance, size))
            if size == 1:
                fourth = (changes**4).sum() / (changes**2).sum() ** 2 - 1 / count
                rho = intraclass_correlation(values, mean, column)
                degrees += [2 / max(fourth, 1e-9), bell_mccaffrey(column, rho)]
    variance = max(sum(v for v, _ in parts), max(v for v, size in parts if size == 1))
    return mean, variance, max(1.0, min(degrees) - taken), kept[0].max() + 1 - math.ceil(taken)


# --- Differences


def interval(estimate, variance, degrees):
    se = math.sqrt(variance)
    half = stats.t.ppf(0.975, degrees) * se
    return {
        "estimate": estimate,
        "standard_error": se,
        "degrees_of_freedom": degrees,
        "low": estimate - half,
        "high": estimate + half,
        "p": 2 * stats.t.sf(abs(estimate) / se, degrees),
    }


def paired(rows, groups, given=None):
    rows = numpy.asarray(rows, float)
    averaged = rows.mean(0)
    mean, of_items, degrees, fewest = mean_variance(averaged, groups, given)
    assert fewest >= 10, fewest
    seeds = len(rows)
    if seeds == 1:
        return interval(mean, of_items, degrees)
    between = numpy.var(rows.mean(1), ddof=1)
    noise = sum(mean_variance(row - averaged, groups, given)[1] for row in rows) / (seeds - 1)
    of_seeds = max(0.0, between - noise) / seeds
    total = of_items + of_seeds
    satterthwaite = total**2 / (of_items**2 / degrees + (between / seeds) ** 2 / (seeds - 1))
    both = interval(mean, total, satterthwaite)
    if of_seeds > 0:
        alone = interval(mean, of_seeds, seeds - 1)
        if alone["low"] < both["low"]:
            return alone
    return both


def weighted(samples, weights, seeds):
    """For each seed, numbers whose mean is the weighted sum of the samples' means."""
    n = sum(len(sample["differences"][0]) for sample in samples)
    rows = []
    for s in range(seeds):
        means = [numpy.mean(sample["differences"][s]) for sample in samples]
        total = sum(w * m for w, m in zip(weights, means))
        rows.append(
            numpy.concatenate(
                [
                    total + w * n / len(sample["differences"][s]) * (sample["differences"][s] - m)
                    for sample, w, m in zip(samples, weights, means)
                ]
            )
        )
    return rows


def expected(samples, weights, given):
    seeds = len(samples[0]["differences"])
    rows = weighted(samples, weights, seeds) if len(samples) > 1 else samples[0]["differences"]
    dimensions = sorted(set().union(*(sample["groups"] for sample in samples)))
    groups = [numpy.concatenate([sample["groups"][d] for sample in samples]) for d in dimensions]
    strata = None
    if given:
        numbers = numpy.concatenate([[k] * len(s["groups"][given[0]]) for k, s in enumerate(samples)])
        strata = together(
            numbers, *(numpy.concatenate([s["groups"][d] for s in samples]) for d in given)
        )
    return paired(rows, groups, strata)


# --- Metrics that are not means


def balanced_accuracy(truth, said):
    return numpy.mean([numpy.mean(said[truth == k] == k) for k in numpy.unique(truth)])


def macro_f1(truth, said):
    values = []
    for k in numpy.union1d(truth, said):
        hits = ((truth == k) & (said == k)).sum()
        values.append(2 * hits / ((truth == k).sum() + (said == k).sum()))
    return numpy.mean(values)


def r2(truth, said):
    return 1 - ((truth - said) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()


METRICS = {"balanced_accuracy": balanced_accuracy, "macro_f1": macro_f1, "r2": r2}


def contributions(metric, truth, said):
    """The jackknife's pseudo-values, shifted so that the metric is their mean."""
    n = len(truth)
    full = metric(truth, said)
    pseudo = numpy.array(
        [n * full - (n - 1) * metric(numpy.delete(truth, i), numpy.delete(said, i)) for i in range(n)]
    )
    return pseudo - pseudo.mean() + full


# --- Samples


def rounded(values):
    return numpy.round(values, 4)


def groups_of(n, dimensions, prefix="i"):
    """`dimensions`: {name: number of groups}, drawn at random; each item is a group of dimension ''."""
    groups = {"": [f"{prefix}{i}" for i in range(n)]}
    for name, count in dimensions.items():
        groups[name] = [f"{prefix}{name}{g}" for g in random.integers(count, size=n)]
    return groups


def marks(groups, seeds=1, shift=0.1, spread=0.2, seed_spread=0.0):
    """Differences of marks with an effect of each group and of each seed."""
    n = len(groups[""])
    fixed = shift + 0.5 * random.normal(size=n)
    for name, names in groups.items():
        if name:
            column = codes(names)
            fixed = fixed + spread * random.normal(size=column.max() + 1)[column]
    rows = [
        rounded(fixed + seed_spread * random.normal() + (0.3 if seeds > 1 else 0) * random.normal(size=n))
        for _ in range(seeds)
    ]
    return {"groups": groups, "differences": rows}


def scores(metric, groups, seeds=1):
    n = len(groups[""])
    if metric == "r2":
        truth = rounded(random.normal(size=n))
        said = lambda quality: rounded(truth * quality + random.normal(size=n) * (1 - quality))
    else:
        truth = random.integers(4, size=n)
        said = lambda quality: numpy.where(
            random.random(n) < quality, truth, random.integers(4, size=n)
        )
    base, candidate = [said(0.5) for _ in range(seeds)], [said(0.6) for _ in range(seeds)]
    return {
        "groups": groups,
        "metric": metric,
        "truth": truth,
        "base": base,
        "candidate": candidate,
        "differences": [
            contributions(METRICS[metric], truth, c) - contributions(METRICS[metric], truth, b)
            for b, c in zip(base, candidate)
        ],
    }


def cases():
    one = lambda sample, **more: {"samples": [sample], **more}
    yield "items that stand alone", one(marks(groups_of(40, {})))
    yield "groups of unequal size", one(marks(groups_of(90, {"clip": 15})))
    yield "clips within rooms", one(nested())
    yield "rooms and sources that cross", one(marks(groups_of(150, {"room": 12, "source": 14})))
    yield "three dimensions", one(marks(groups_of(160, {"room": 11, "source": 12, "voice": 13})))
    sparse = marks(groups_of(60, {"clip": 30}))
    sparse["differences"] = [numpy.array([1.0 if i in (3, 17, 18) else -1.0 if i == 40 else 0.0 for i in range(60)])]
    yield "few items that differ", one(sparse)
    yield "three seeds", one(marks(groups_of(60, {"clip": 20}), seeds=3, seed_spread=0.1))
    yield "seeds that say the same", one(marks(groups_of(60, {"clip": 20}), seeds=3))
    yield "seeds that outweigh the items", one(marks(groups_of(300, {}), seeds=3, seed_spread=2.0))

    shared = groups_of(50, {"clip": 16})
    yield "two tasks on the same items", {"samples": [marks(shared), marks(shared, shift=0.3)]}
    first, second = groups_of(40, {"clip": 14}, "a"), groups_of(70, {"clip": 20}, "b")
    yield "two tasks on other items", {"samples": [marks(first, 2), marks(second, 2)]}
    part = {name: names[:30] for name, names in shared.items()}
    yield "three tasks that share some items", {
        "samples": [marks(shared, 3), marks(part, 3), marks(second, 3, seed_spread=0.2)]
    }

    for metric in METRICS:
        yield metric, one(scores(metric, groups_of(60, {})))
        yield metric + " by clips", one(scores(metric, groups_of(72, {"clip": 24})))
        yield metric + " of three seeds", one(scores(metric, groups_of(60, {"clip": 30}), 3))
    folds = [scores("balanced_accuracy", groups_of(n, {}, f"f{n}"), 2) for n in (40, 44, 38)]
    yield "a score of three folds", {"samples": folds, "folds": True}
    yield "scores of two tasks", {"samples": [scores("macro_f1", shared), scores("macro_f1", shared)]}

    yield "for four speakers", one(marks(groups_of(80, {"speaker": 4})), given=["speaker"])
    yield "for three speakers who say the same sentences", one(crossed(), given=["speaker"])
    yield "for speakers of whom one said one thing", one(lonely(), given=["speaker"])
    yield "for speakers and rooms", one(
        marks(groups_of(120, {"speaker": 3, "room": 2, "clip": 40})), given=["room", "speaker"]
    )
    yield "for four speakers, three seeds", one(
        marks(groups_of(80, {"speaker": 4}), 3, seed_spread=0.1), given=["speaker"]
    )
    speakers = groups_of(60, {"speaker": 3})
    yield "for three speakers in two tasks", {
        "samples": [marks(speakers), marks(speakers, shift=-0.2)],
        "given": ["speaker"],
    }
    yield "balanced accuracy for five speakers", one(
        scores("balanced_accuracy", groups_of(90, {"speaker": 5})), given=["speaker"]
    )

    yield "interaction on the same items", interaction([marks(shared, 3)], [marks(shared, 3)])
    yield "interaction on other items", interaction([marks(first)], [marks(second)])
    yield "interaction of means over two tasks", interaction(
        [marks(shared), marks(second)], [marks(shared, shift=0.4), marks(second)]
    )
    yield "interaction in a score", interaction(
        [scores("balanced_accuracy", shared, 2)], [scores("balanced_accuracy", shared, 2)]
    )
    yield "interaction for three speakers", {
        **interaction([marks(speakers)], [marks(speakers)]),
        "given": ["speaker"],
    }


def interaction(first, second):
    return {
        "samples": first + second,
        "weights": [-1 / len(first)] * len(first) + [1 / len(second)] * len(second),
        "first": len(first),
    }


def nested():
    groups = groups_of(96, {"room": 12})
    groups["clip"] = [room + "/" + str(random.integers(4)) for room in groups["room"]]
    return marks(groups)


def crossed():
    groups = {"": [f"i{i}" for i in range(72)]}
    groups["speaker"] = [f"s{i % 3}" for i in range(72)]
    groups["sentence"] = [f"t{i // 3 % 18}" for i in range(72)]
    return marks(groups)


def lonely():
    groups = groups_of(40, {})
    groups["speaker"] = ["s2" if i == 0 else f"s{i % 2}" for i in range(40)]
    return marks(groups)


def plain(value):
    if isinstance(value, numpy.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value.item() if isinstance(value, numpy.generic) else value


def written(name, case):
    samples, given = case["samples"], case.get("given", [])
    weights = case.get("weights", [1 / len(samples)] * len(samples))
    found = expected(samples, weights, given)
    margin = round(abs(found["estimate"]) + 1.3 * found["standard_error"], 3)
    se, degrees = found["standard_error"], found["degrees_of_freedom"]
    at_most = [  # two one-sided tests
        stats.t.sf((found["estimate"] + margin) / se, degrees),
        stats.t.cdf((found["estimate"] - margin) / se, degrees),
    ]
    nearest = math.copysign(margin, found["estimate"])
    found |= {
        "margin": margin,
        "p_equivalent": max(at_most),
        "p_margin": 2 * stats.t.sf(abs(found["estimate"] - nearest) / se, degrees),
    }
    for sample in samples:
        if "metric" in sample:
            del sample["differences"]
    return {
        "name": name,
        "samples": samples,
        "given": given,
        "first": case.get("first", 0),
        "folds": case.get("folds", False),
        "expected": found,
    }


def tests_beside():
    """McNemar's mid-p, all 1,024 sign flips of ten groups, and corrections of several p-values."""
    up, down = 11, 4
    mid = 2 * stats.binom.cdf(down, up + down, 0.5) - stats.binom.pmf(down, up + down, 0.5)
    values = rounded(random.normal(size=10) + 0.5)
    flips = [abs(numpy.dot(values, signs)) for signs in itertools.product((1, -1), repeat=10)]
    flipped = numpy.mean(numpy.array(flips) >= abs(values.sum()) * (1 - 1e-12))
    p = rounded(random.random(8) ** 3)
    holm = [max(min(1, (8 - sorted(p).index(q)) * q) for q in p if q <= own) for own in p]
    return {
        "mcnemar": {"up": up, "down": down, "p": mid},
        "sign_flip": {"values": values, "p": flipped},
        "several": {"p": p, "holm": holm, "benjamini_hochberg": stats.false_discovery_control(p)},
    }


if __name__ == "__main__":
    result = {"cases": [written(name, case) for name, case in cases()], **tests_beside()}
    print(json.dumps(plain(result), separators=(",", ":")))
