"use strict";

// The training of one phase's exemplars, as mnemonics_lib.edition.scrubber writes it, and what is read off it at a stop.
const Scrubber = { ...Elements }; // All files of the scrubber share it.
{
  const MEAN_OF = 10; // Outer steps in the smoothed loss, as in chapter 3.
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  class Phase {
    constructor(written) {
      Object.assign(this, written);
      this.bytes = Uint8Array.from(atob(written.images), (character) => character.charCodeAt(0));
      this.last = this.steps.length - 1;
      this.total = this.meta_loss.length;
      this.smooth = this.meta_loss.map((_, k) => mean(this.meta_loss.slice(Math.max(0, k + 1 - MEAN_OF), k + 1)));
      this.classes = [...new Set(this.names)];
    }

    /** Positions of the exemplars of a class; of all of them for null. */
    of(name) {
      return this.names.flatMap((each, j) => (name === null || each === name ? [j] : []));
    }

    /** Values of an exemplar's pixels at a stop, 0 to 255, row by row, the channels of a pixel together. */
    image(stop, j) {
      const size = this.shape.reduce((product, length) => product * length, 1);
      const place = (stop * this.names.length + j) * size;
      return this.bytes.subarray(place, place + size);
    }

    /** What the record has for the exemplars of a stop. After the last step no loss is computed: undefined. */
    at(stop) {
      const k = this.steps[stop];
      return {
        step: k,
        loss: this.meta_loss[k],
        smooth: this.smooth[k],
        first: this.first_loss[k],
        displacement: this.displacement[k],
      };
    }
  }

  Scrubber.Phase = Phase;
}
