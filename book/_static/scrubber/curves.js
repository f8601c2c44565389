"use strict";

// Two drawings over the outer steps, loss and displacement, with a mark at the stop.
{
  const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [360, 220, 48, 10, 10, 38];

  const line = (points) => `M${points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join("L")}`;
  const span = (first, last) => Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => first + k);

  /** Round numbers from 0 to at least the largest one. */
  function evenTicks(largest) {
    const power = 10 ** Math.floor(Math.log10(largest / 2));
    const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => largest / size <= 5);
    return span(0, Math.ceil(largest / step)).map((k) => Number((k * step).toPrecision(6)));
  }

  /** Powers of ten around the numbers. */
  const decades = (values) =>
    span(Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))).map((k) => 10 ** k);

  /** Places in the drawing of outer steps, and of values on an axis that goes from the first to the last tick. */
  function scales(total, ticks, logarithmic) {
    const of = logarithmic ? Math.log10 : (value) => value;
    const [low, high] = [of(ticks[0]), of(ticks.at(-1))];
    return {
      x: (step) => LEFT + ((WIDTH - LEFT - RIGHT) * step) / total,
      y: (value) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (of(value) - low)) / (high - low),
    };
  }

  function axes({ x, y }, total, ticks, title) {
    const { svg, words } = Scrubber;
    const text = (attributes, content) => svg("text", attributes, [content]);
    const across = evenTicks(total).filter((step) => step <= total);
    return [
      ...ticks.flatMap((value) => [
        svg("path", { class: "scrubber-grid", d: line([[LEFT, y(value)], [WIDTH - RIGHT, y(value)]]) }),
        text({ x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, words.number(value)),
      ]),
      ...across.map((step) => text({ x: x(step), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(step))),
      text({ x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "outer steps done"),
      text({ x: -(TOP + HEIGHT - BOTTOM) / 2, y: 11, "text-anchor": "middle", transform: "rotate(-90)" }, title),
    ];
  }

  /** A drawing: `curves` are lists of [step, value] by kind, `main` is the kind that the mark follows. */
  function drawing({ title, words, total, ticks, logarithmic, curves, points = [], main }) {
    const { svg } = Scrubber;
    const { x, y } = scales(total, ticks, logarithmic);
    const places = (curve) => curve.map(([step, value]) => [x(step), y(value)]);
    const mark = {
      line: svg("path", { class: "scrubber-at" }),
      dot: svg("circle", { class: "scrubber-dot", r: 5 }),
      values: new Map(curves.find(({ kind }) => kind === main).curve),
    };
    const element = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words }, [
      ...axes({ x, y }, total, ticks, title),
      mark.line,
      ...curves.map(({ kind, curve }) => svg("path", { class: `scrubber-curve scrubber-${kind}`, d: line(places(curve)) })),
      ...points.map(([step, value]) =>
        svg("path", { class: "scrubber-panel", d: `M${x(step) - 5},${y(value)}l5,-5l5,5l-5,5Z` })),
      mark.dot,
    ]);
    const put = (step) => {
      mark.line.setAttribute("d", line([[x(step), TOP], [x(step), HEIGHT - BOTTOM]]));
      const value = mark.values.get(step);
      mark.dot.style.display = value === undefined ? "none" : "";
      if (value !== undefined) {
        mark.dot.setAttribute("cx", x(step));
        mark.dot.setAttribute("cy", y(value));
      }
    };
    return { element, put };
  }

  const numbered = (values) => values.map((value, k) => [k, value]);

  function losses(phase) {
    const panel = phase.panel ?? [];
    return drawing({
      title: "loss",
      words: "Loss over the outer steps; the numbers beside the slider are read off it.",
      total: phase.total,
      ticks: decades([...phase.meta_loss, ...phase.first_loss, ...panel].filter((value) => value > 0)),
      logarithmic: true,
      main: "meta",
      curves: [
        { kind: "first", curve: numbered(phase.first_loss) },
        { kind: "meta", curve: numbered(phase.meta_loss) },
        { kind: "smooth", curve: numbered(phase.smooth) },
      ],
      points: panel.map((value, k) => [k * phase.total, value]),
    });
  }

  function displacements(phase, positions) {
    const noise = phase.noise_displacement;
    const shown = positions.map((j) => phase.steps.map((step, stop) => [step, phase.moved[stop][j]]));
    return drawing({
      title: "displacement (std)",
      words: "Displacement over the outer steps; the numbers beside the slider are read off it.",
      total: phase.total,
      ticks: evenTicks(Math.max(...phase.displacement, ...phase.moved.flat(), noise ?? 0)),
      logarithmic: false,
      main: "all",
      curves: [
        ...shown.map((curve) => ({ kind: "one", curve })),
        ...(noise === null ? [] : [{ kind: "noise", curve: [[0, noise], [phase.total, noise]] }]),
        { kind: "all", curve: numbered(phase.displacement) },
      ],
    });
  }

  /** A line of the key: how it is drawn, and what it stands for. */
  function keyLine(kind, words) {
    const { html, svg } = Scrubber;
    const drawn = kind === "panel" ? "M9,7l5,-5l5,5l-5,5Z" : "M1,7L27,7";
    const path = svg("path", { class: kind === "panel" ? "scrubber-panel" : `scrubber-curve scrubber-${kind}`, d: drawn });
    return html("li", {}, [svg("svg", { viewBox: "0 0 28 14", "aria-hidden": "true" }, [path]), ` ${words}`]);
  }

  const LOSS_KEY = {
    meta: "validation loss, Eq. 7a",
    smooth: "its mean over the last ten steps",
    first: "the exemplars' loss where its model starts, before Eq. 8",
    panel: "Eq. 7a for a fixed panel of starts and images",
  };
  const DISPLACEMENT_KEY = {
    all: "all exemplars of the phase, as trained",
    one: "each picture above, as shown",
    noise: "by noise in place of the gradient, at the end",
  };

  /** The key to a drawing, without what this phase does not have. */
  function key(lines, phase) {
    const absent = { panel: phase.panel === null, noise: phase.noise_displacement === null };
    const there = Object.entries(lines).filter(([kind]) => !absent[kind]);
    return Scrubber.html("ul", {}, there.map(([kind, words]) => keyLine(kind, words)));
  }

  Scrubber.curves = {
    make() {
      const { html } = Scrubber;
      const [loss, displacement] = [html("div"), html("div")];
      return { element: html("div", { class: "scrubber-curves" }, [loss, displacement]), loss, displacement, put: [] };
    },

    /** New drawings, of a phase and the exemplars at these positions. */
    arrange(curves, phase, positions) {
      const drawn = [losses(phase), displacements(phase, positions)];
      curves.loss.replaceChildren(drawn[0].element, key(LOSS_KEY, phase));
      curves.displacement.replaceChildren(drawn[1].element, key(DISPLACEMENT_KEY, phase));
      curves.put = drawn.map(({ put }) => put);
    },

    /** Put the marks at a stop. */
    draw: ({ put }, phase, stop) => put.forEach((to) => to(phase.steps[stop])),
  };
}
