"use strict";

// The toy of eq-toy: the model is a point θ, L(θ, E) = 1/(2m) Σ_j |θ − e_j|² and G(θ) = ½ |θ − d|².
const Toy = {}; // All files of the toy share it.
{
  const mean = (points) => [0, 1].map((k) => points.reduce((sum, point) => sum + point[k], 0) / points.length);
  const halfSquare = (a, b) => 0.5 * ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2);

  Toy.mean = mean;

  Toy.point = {
    /**
     * T steps of Eq. 8 and the gradient of Eq. 9, both in closed form.
     *
     * @param {{E: number[][], theta_0: number[], T: number, alpha: number}} situation m exemplars, start, steps, rate
     * @param {{points: number[][]}} cloud the data; only their mean d counts
     * @returns the path θ_0, ..., θ_T, the meta loss at its two ends, the gradient for each exemplar, and the length
     *     of the gradient of L at θ_0
     */
    solve({ E, theta_0, T, alpha }, { points }) {
      const [e, d] = [mean(E), mean(points)];
      const at = (t) => e.map((value, k) => value + (1 - alpha) ** t * (theta_0[k] - value));
      const path = Array.from({ length: T + 1 }, (_, t) => at(t));
      const factor = (1 - (1 - alpha) ** T) / E.length;
      return {
        path,
        loss: halfSquare(path[T], d),
        loss_0: halfSquare(theta_0, d),
        gradient: E.map(() => path[T].map((value, k) => factor * (value - d[k]))),
        own: Math.hypot(theta_0[0] - e[0], theta_0[1] - e[1]),
      };
    },
  };
}
