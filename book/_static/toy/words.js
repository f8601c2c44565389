"use strict";

// Numbers and places as words.
{
  const number = (value) => String(Number(value.toPrecision(4))).replace("-", "−");
  const place = (point) => `(${point.map((value) => value.toFixed(2).replace("-", "−")).join(", ")})`;

  /** What each exemplar is called. */
  function exemplar(situation, j) {
    const name = `exemplar ${j + 1}`;
    return situation.mode === "point" ? name : `${name}, of the ${["round", "square"][situation.labels[j]]} class`;
  }

  /** The largest of 1, 2, 5 times a power of ten with which the longest arrow is at most 1.5 units; 0 for no arrows. */
  function magnification(gradient) {
    const longest = Math.max(...gradient.map((g) => Math.hypot(...g)));
    if (!(longest > 1e-12)) return 0;
    const power = 10 ** Math.floor(Math.log10(1.5 / longest));
    return [5, 2, 1].map((digit) => digit * power).find((factor) => factor * longest <= 1.5);
  }

  /** The numbers of an outcome, a sentence each. */
  function numbers(data, situation, outcome) {
    const cloud = Toy.situation.cloudOf(data, situation);
    const lengths = outcome.gradient.map((g) => Math.hypot(...g));
    const scale = magnification(outcome.gradient);
    const outside = situation.E.filter((e) => !Toy.view.holds(e)).length;
    const lines = [
      `Meta loss ${number(outcome.loss)} at θ_T, ${number(outcome.loss_0)} at θ₀; ` +
        `${number(outcome.herdedLoss)} at θ_T with the points that herding picks.`,
    ];
    if (situation.mode === "point") {
      const [theta_T, d, mean] = [outcome.path[situation.T], Toy.mean(cloud.points), Toy.mean(situation.E)].map(place);
      lines.push(`θ_T ${theta_T}, mean of the data d ${d}, mean of the exemplars ${mean}.`);
      lines.push(`The gradient of each exemplar has length ${number(lengths[0])}.`);
    } else {
      lines.push(`The exemplars' own gradient at θ₀ has length ${number(outcome.own)}.`);
      const [most, least] = [Math.max(...lengths), Math.min(...lengths)].map(number);
      lines.push(`Gradients of Eq. 9: the longest ${most}, the shortest ${least}.`);
    }
    lines.push(scale ? `Arrows, −∂L/∂e, are drawn ${number(scale)} times as long.` : "There is no gradient to draw.");
    lines.push(`Steps of Eq. 9 taken: ${situation.steps}.`);
    if (Toy.situation.stepped(situation, outcome.gradient) === situation) {
      lines.push("The next step would lead too far and is not taken: make β or α smaller.");
    }
    if (outside) lines.push(`Outside of the picture, drawn at its edge: ${outside}.`);
    return lines;
  }

  Toy.words = { exemplar, magnification, number, numbers, place };
}
