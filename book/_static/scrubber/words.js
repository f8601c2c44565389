"use strict";

// Numbers as words.
{
  const number = (value) => String(Number(value.toPrecision(3)));
  const times = (count) => `${count} outer step${count === 1 ? "" : "s"}`;

  /** Where the slider is. */
  const place = (phase, stop) => `${phase.steps[stop]} of ${times(phase.total)}`;

  /** The numbers of a stop, a line each. */
  function numbers(phase, stop) {
    const { loss, smooth, first, displacement } = phase.at(stop);
    const losses =
      loss === undefined
        ? ["Validation loss: none is computed after the last step."]
        : [
            `Validation loss of a model trained on these exemplars: ${number(loss)}; mean of the last ten, ` +
              `${number(smooth)}.`,
            `Their loss where that model starts, before the first step of Eq. 8: ${number(first)}.`,
          ];
    return [`Displacement: ${number(displacement)} std, over all exemplars of the phase.`, ...losses];
  }

  /** The same in one sentence, for those who hear it. */
  function spoken(phase, stop) {
    const { loss, displacement } = phase.at(stop);
    const losses = loss === undefined ? "no validation loss any more" : `validation loss ${number(loss)}`;
    return `After ${place(phase, stop)}: displacement ${number(displacement)} std, ${losses}.`;
  }

  /** What a picture shows. */
  const exemplar = (phase, stop, j) =>
    `exemplar ${phase.of(phase.names[j]).indexOf(j) + 1} of class ${phase.names[j]} after ${times(phase.steps[stop])}`;

  Scrubber.words = { exemplar, number, numbers, place, spoken, times };
}
