"use strict";

// Which real points become exemplars: by herding, or at random; of each class as many as there are exemplars of it.
{
  /** Features of a point. Herding scales features to length one, which the large third entry makes harmless. */
  const features = (point) => [point[0], point[1], 1000];

  /** As mnemonics_lib.exemplars.selection.herd defines it: greedy, on features of length one, ties to the lowest. */
  function herd(described, count) {
    const rows = described.map((row) => row.map((value) => value / Math.hypot(...row)));
    const mean = rows[0].map((_, c) => rows.reduce((sum, row) => sum + row[c], 0) / rows.length);
    const chosen = [];
    let total = mean.map(() => 0);
    for (let k = 1; k <= count; k += 1) {
      const distances = rows.map((row) => Math.hypot(...row.map((value, c) => mean[c] - (total[c] + value) / k)));
      chosen.forEach((index) => (distances[index] = Infinity));
      const best = distances.indexOf(Math.min(...distances));
      chosen.push(best);
      total = total.map((value, c) => value + rows[best][c]);
    }
    return chosen;
  }

  /** Numbers in [0, 1), the same ones for the same seed: a linear congruential generator of period 2³². */
  function generator(seed) {
    let state = Math.imul(seed + 1, 2654435769); // neighbouring seeds begin far from each other
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
  }

  /** So many different places out of 0, ..., n − 1, in random order. */
  function shuffled(n, count, random) {
    const places = Array.from({ length: n }, (_, k) => k);
    for (let k = 0; k < count; k += 1) {
      const other = k + Math.floor(random() * (n - k));
      [places[k], places[other]] = [places[other], places[k]];
    }
    return places.slice(0, count);
  }

  /** For the exemplars' labels in turn an index into the cloud, chosen within each class by `rank`. */
  function perClass(cloud, labels, rank) {
    const chosen = [];
    [...new Set(labels)].forEach((label) => {
      const ofClass = cloud.points.map((_, k) => k).filter((k) => cloud.labels[k] === label);
      const wanted = labels.map((_, j) => j).filter((j) => labels[j] === label);
      rank(ofClass, wanted.length).forEach((place, k) => (chosen[wanted[k]] = ofClass[place]));
    });
    return chosen;
  }

  Toy.selection = {
    herding: (cloud, labels) =>
      perClass(cloud, labels, (ofClass, count) => herd(ofClass.map((k) => features(cloud.points[k])), count)),
    random: (cloud, labels, seed) => {
      const random = generator(seed);
      return perClass(cloud, labels, (ofClass, count) => shuffled(ofClass.length, count, random));
    },
  };
}
