"""Centroids and inertia of k-means for tests/plugins/encoders/readers/kmeans/golden_test.cpp.

    pip install numpy scikit-learn
    python tests/golden/scripts/kmeans.py > tests/golden/kmeans.json

Lloyd's algorithm and mini-batch k-means written out in numpy in float64, and checked here against
scikit-learn's KMeans and MiniBatchKMeans from the same first centroids. The frames are drawn with
SplitMix64, like earshot::kit::Random, so that the test generates the same ones.
"""

import json

import numpy
from sklearn.cluster import KMeans, MiniBatchKMeans

from splitmix import Random

FRAMES, DIM, K, ITERATIONS, BATCH = 240, 5, 8, 6, 30


def frames():
    """Levels in dB, around -40, in overlapping clouds; float32."""
    random = Random(14)
    centres = [[-40 + 12 * random.uniform() for _ in range(DIM)] for _ in range(K)]
    rows = [[centres[n % K][d] + 9 * (random.uniform() - 0.5) for d in range(DIM)] for n in range(FRAMES)]
    return numpy.array(rows, dtype=numpy.float32).astype(numpy.float64)


def assign(x, centroids):
    distances = ((x[:, None] - centroids[None]) ** 2).sum(-1)
    return distances.argmin(1), distances.min(1).mean()


def update(x, codes, centroids, counts):
    """Each centroid becomes the mean of all frames that it has had so far, `counts` of them before."""
    for k in range(K):
        mine = x[codes == k]
        counts[k] += len(mine)
        if len(mine):
            centroids[k] += (mine.sum(0) - len(mine) * centroids[k]) / counts[k]


def lloyd(x, start):
    centroids, inertia = start.copy(), []
    for _ in range(ITERATIONS):
        codes, distance = assign(x, centroids)
        inertia.append(distance)
        update(x, codes, centroids, numpy.zeros(K))
    codes, distance = assign(x, centroids)
    inertia.append(distance)
    theirs = KMeans(K, init=start, n_init=1, max_iter=ITERATIONS, tol=0, algorithm="lloyd").fit(x)
    assert numpy.abs(theirs.cluster_centers_ - centroids).max() < 1e-9
    assert abs(theirs.inertia_ / len(x) - distance) < 1e-9
    assert (theirs.labels_ == codes).all()
    return {"inertia": inertia, "centroids": centroids.tolist(), "codes": codes.tolist()}


def mini_batches(x, start):
    centroids, counts, inertia = start.copy(), numpy.zeros(K), []
    theirs = MiniBatchKMeans(K, init=start, n_init=1, reassignment_ratio=0)
    for begin in range(0, FRAMES, BATCH):
        batch = x[begin : begin + BATCH]
        codes, distance = assign(batch, centroids)
        inertia.append(distance)
        update(batch, codes, centroids, counts)
        theirs.partial_fit(batch)
    assert numpy.abs(theirs.cluster_centers_ - centroids).max() < 1e-9
    return {"inertia": inertia, "centroids": centroids.tolist(), "counts": counts.tolist()}


def main():
    x = frames()
    start = x[:: FRAMES // K][:K].copy()
    golden = {"frames": FRAMES, "dim": DIM, "k": K, "batch": BATCH}
    print(json.dumps(golden | {"lloyd": lloyd(x, start), "mini_batches": mini_batches(x, start)}, indent=1))


if __name__ == "__main__":
    main()
