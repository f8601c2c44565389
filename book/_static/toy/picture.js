"use strict";

// The picture: layers from the data below to the arrows above, each drawn anew when the situation changes.
{
  const CLASS_MARKS = ["round", "square"];
  const path = (d, kind) => Elements.svg("path", { d, class: `toy-${kind}` });

  /** Real points; those that herding picks have a ring. */
  function data(cloud, herded) {
    const points = cloud.points.map((point, k) => {
      const mark = CLASS_MARKS[cloud.labels[k]];
      return path(Toy.marks[mark](...Toy.view.toPicture(point), 3.5), `data toy-${mark}`);
    });
    const rings = herded.map((k) => path(Toy.marks.round(...Toy.view.toPicture(cloud.points[k]), 9), "ring"));
    return [...points, ...rings];
  }

  /** In the mode of a point: the way from θ_0 to θ_T, and the mean of the data. */
  function wayOfPoint(situation, outcome, cloud) {
    const places = outcome.path.map(Toy.view.toPicture);
    const end = places[situation.T];
    return [
      path(`M${places.map((place) => place.join(",")).join("L")}`, "way"),
      ...places.slice(1, -1).map((place) => path(Toy.marks.round(...place, 3), "step")),
      path(Toy.marks.cross(...Toy.view.toPicture(Toy.mean(cloud.points)), 9), "mean"),
      path(Toy.marks.triangle(...end, 9), "end"),
      name(Toy.view.toPicture(Toy.view.clamped(situation.theta_0)), "0"),
      name(end, "T"),
    ];
  }

  /** In the mode of two classes: the line on which both are equally likely, for each θ_t. */
  function boundaries(situation, outcome) {
    const last = situation.T;
    return outcome.path.flatMap((theta, t) => {
      const kind = t === 0 ? "first" : t === last ? "last" : "between";
      const [a, b, c] = theta[1].map((value, k) => value - theta[0][k]); // the line a x + b y + c = 0
      const square = a * a + b * b;
      if (square < 1e-12) return []; // both classes are equally likely everywhere, or nowhere
      const foot = [(-a * c) / square, (-b * c) / square];
      const along = [-b, a].map((value) => (20 * value) / Math.sqrt(square));
      const ends = [-1, 1].map((side) => Toy.view.toPicture(foot.map((value, k) => value + side * along[k])));
      return [path(`M${ends[0].join(",")}L${ends[1].join(",")}`, `boundary toy-${kind}`)];
    });
  }

  /** θ with its step as an index, beside its mark. */
  function name([x, y], index) {
    const lowered = Elements.svg("tspan", { dy: 5, class: "toy-index" }, [index]);
    return Elements.svg("text", { x: x + 18, y: y + 6, class: "toy-name" }, ["θ", lowered]);
  }

  /** Against the gradient, from each exemplar that is in the picture. */
  function arrows(situation, outcome) {
    const scale = Toy.words.magnification(outcome.gradient);
    return situation.E.flatMap((e, j) => {
      if (!scale || !Toy.view.holds(e)) return [];
      const to = e.map((value, k) => value - scale * outcome.gradient[j][k]);
      return [path(Toy.arrow(Toy.view.toPicture(e), Toy.view.toPicture(to)), "arrow")];
    });
  }

  Toy.picture = {
    /** An empty picture: its layers from below, and a group for what can be moved. */
    make(describedBy) {
      const layers = { data: Elements.svg("g"), way: Elements.svg("g"), handles: Elements.svg("g"), arrows: Elements.svg("g") };
      const svg = Elements.svg("svg", {
        viewBox: Toy.view.box,
        role: "application",
        "aria-label": "The plane",
        "aria-roledescription": "picture with points that can be moved",
        "aria-describedby": describedBy,
      });
      // What screen readers are told of the picture is the numbers below it and the names of what can be moved.
      [layers.data, layers.way, layers.arrows].forEach((layer) => layer.setAttribute("aria-hidden", "true"));
      svg.append(...Object.values(layers));
      return { svg, layers };
    },

    /** Draw all but what can be moved. */
    draw({ layers }, cloud, situation, outcome) {
      const way = situation.mode === "point" ? wayOfPoint : boundaries;
      layers.data.replaceChildren(...data(cloud, outcome.herded));
      layers.way.replaceChildren(...way(situation, outcome, cloud));
      layers.arrows.replaceChildren(...arrows(situation, outcome));
    },

    markOf: (situation, j) => CLASS_MARKS[situation.labels[j]],
  };
}
