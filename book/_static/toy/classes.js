"use strict";

// Two classes in the plane: the model is a linear classifier with a bias, θ = [[w₁, w₂, b], [w₁, w₂, b]], a row for the
// logit of each class; L and G are the cross-entropy of Eq. 2, means over the exemplars and over the data.
{
  const extended = (x) => [x[0], x[1], 1];
  const dot = (row, x) => row[0] * x[0] + row[1] * x[1] + row[2] * x[2];
  const zeros = () => [[0, 0, 0], [0, 0, 0]];
  const delta = (k, y) => (k === y ? 1 : 0);

  /** Class probabilities of one point, [2], and minus the logarithm of each. */
  function softmax(theta, x) {
    const logits = theta.map((row) => dot(row, x));
    const most = Math.max(...logits); // so that no exponential overflows
    const logSum = most + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - most), 0));
    return { p: logits.map((z) => Math.exp(z - logSum)), losses: logits.map((z) => logSum - z) };
  }

  /** Mean cross-entropy of points with labels. */
  function loss(theta, points, labels) {
    return points.reduce((sum, x, j) => sum + softmax(theta, extended(x)).losses[labels[j]], 0) / points.length;
  }

  /** Its gradient with respect to θ: the mean of (p_k − δ_{k=y}) (x, 1). */
  function gradient(theta, points, labels) {
    const sum = zeros();
    points.forEach((point, j) => {
      const x = extended(point);
      softmax(theta, x).p.forEach((p, k) => {
        for (let c = 0; c < 3; c += 1) sum[k][c] += ((p - delta(k, labels[j])) * x[c]) / points.length;
      });
    });
    return sum;
  }

  /**
   * H v and Bᵀ v of one inner step, for the adjoint state v: the derivatives of q(θ, E) = ⟨∇_θ L(θ, E), v⟩ with respect
   * to θ and to the exemplars, as in eq-hvp. With s_k = v_k · (x, 1), q is the mean of Σ_k (p_k − δ_{k=y}) s_k.
   */
  function products(theta, E, labels, v) {
    const Hv = zeros();
    const Bv = E.map((point, j) => {
      const x = extended(point);
      const { p } = softmax(theta, x);
      const s = v.map((row) => dot(row, x));
      const mean = p[0] * s[0] + p[1] * s[1];
      const ofPoint = [0, 0];
      for (let k = 0; k < 2; k += 1) {
        const change = p[k] * (s[k] - mean); // derivative of q with respect to the logit k, times m
        for (let c = 0; c < 3; c += 1) Hv[k][c] += (change * x[c]) / E.length;
        for (let c = 0; c < 2; c += 1) {
          ofPoint[c] += ((p[k] - delta(k, labels[j])) * v[k][c] + change * theta[k][c]) / E.length;
        }
      }
      return ofPoint;
    });
    return { Hv, Bv };
  }

  /** a − factor · b, entry by entry, for rows of numbers. */
  const minus = (a, factor, b) => a.map((row, k) => row.map((value, c) => value - factor * b[k][c]));

  Toy.minus = minus;

  Toy.classes = {
    /**
     * T steps of Eq. 8 forwards, and the gradient of Eq. 9 by the backward recursion (eq-backward) through all of them.
     *
     * @param {{E: number[][], labels: number[], theta_0: number[][], T: number, alpha: number}} situation
     * @param {{points: number[][], labels: number[]}} cloud the data
     * @returns as Toy.point.solve
     */
    solve({ E, labels, theta_0, T, alpha }, cloud) {
      const path = [theta_0];
      for (let t = 0; t < T; t += 1) path.push(minus(path[t], alpha, gradient(path[t], E, labels)));
      let v = gradient(path[T], cloud.points, cloud.labels);
      let g = E.map(() => [0, 0]);
      for (let t = T - 1; t >= 0; t -= 1) {
        const { Hv, Bv } = products(path[t], E, labels, v);
        g = minus(g, alpha, Bv);
        v = minus(v, alpha, Hv);
      }
      return {
        path,
        loss: loss(path[T], cloud.points, cloud.labels),
        loss_0: loss(theta_0, cloud.points, cloud.labels),
        gradient: g,
        own: Math.hypot(...gradient(theta_0, E, labels).flat()),
      };
    },
  };
}
