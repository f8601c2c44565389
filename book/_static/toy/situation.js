"use strict";

// What the reader has before them, and what changes it. A situation is plain data: mode, cloud and start (places in
// their lists), E and its labels, theta_0, T, alpha, beta, the outer steps taken, and how often exemplars were drawn.
{
  const PROBLEMS = { point: Toy.point, classes: Toy.classes };
  const FARTHEST = 1000; // A step of Eq. 9 that would take an exemplar further than this is refused: it diverges.
  const copied = (value) => JSON.parse(JSON.stringify(value));

  const cloudOf = (data, situation) => data[situation.mode].clouds[situation.cloud];

  /** The situation with which a mode begins. */
  function begin(data, mode) {
    return withCloud(data, { mode, ...copied(data[mode].situation), start: 0 }, 0);
  }

  /** Another cloud of data, with the exemplars and the start that come first with it. */
  function withCloud(data, situation, cloud) {
    const next = { ...situation, cloud, steps: 0, draws: 0 };
    return withStart(data, { ...next, E: copied(cloudOf(data, next).E) }, situation.start);
  }

  /** Another start of the inner steps. */
  function withStart(data, situation, start) {
    const theta_0 = copied(Object.values(cloudOf(data, situation).starts)[start]);
    return { ...situation, start, theta_0, steps: 0 };
  }

  /** Exemplars that are real points: `indices` into the cloud. */
  function withPoints(data, situation, indices) {
    return { ...situation, E: indices.map((k) => [...cloudOf(data, situation).points[k]]), steps: 0 };
  }

  /** Exemplars that are drawn at random, others each time. */
  function withRandom(data, situation) {
    const draws = situation.draws + 1;
    const indices = Toy.selection.random(cloudOf(data, situation), situation.labels, draws);
    return { ...withPoints(data, situation, indices), draws };
  }

  /** One step of Eq. 9, or the same situation where it would lead nowhere. */
  function stepped(situation, gradient) {
    const E = Toy.minus(situation.E, situation.beta, gradient);
    const fine = E.flat().every((value) => Math.abs(value) <= FARTHEST);
    return fine ? { ...situation, E, steps: situation.steps + 1 } : situation;
  }

  /** All that follows from a situation: see solve, and what herding picks, with the meta loss of its picks. */
  function outcome(data, situation) {
    const cloud = cloudOf(data, situation);
    const { solve } = PROBLEMS[situation.mode];
    const herded = Toy.selection.herding(cloud, situation.labels);
    const { loss } = solve({ ...situation, E: herded.map((k) => cloud.points[k]) }, cloud);
    return { ...solve(situation, cloud), herded, herdedLoss: loss };
  }

  Toy.situation = { begin, cloudOf, outcome, stepped, withCloud, withPoints, withRandom, withStart };
}
