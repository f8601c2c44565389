"use strict";

// The controls: what is chosen, the sliders, the buttons, the key to the marks, and the numbers as text.
{
  const MODES = { point: "a point", classes: "two classes" };
  const SLIDERS = [
    { name: "T", label: "T, inner steps of Eq. 8", min: 1, max: 50, step: 1 },
    { name: "alpha", label: "α, rate of Eq. 8", min: 0.05, max: 2.1, step: 0.05 },
    { name: "beta", label: "β, rate of Eq. 9", min: 0.5, max: 20, step: 0.5 },
  ];
  const BUTTONS = {
    step: "One step of Eq. 9",
    run: "Run",
    herding: "Start from herding",
    random: "Start from random",
    reset: "Reset",
  };

  const { html } = Elements;

  /** Text in which the T of θ_T is an index. */
  const withIndices = (text) =>
    text.split("θ_T").flatMap((piece, k) => (k ? ["θ", html("sub", {}, ["T"]), piece] : [piece]));

  /** Radio buttons for the mode. */
  function modes(id, chosen) {
    const options = Object.entries(MODES).map(([mode, words]) => {
      const input = html("input", { type: "radio", name: `${id}-mode`, value: mode });
      input.addEventListener("change", () => chosen(mode));
      return { input, label: html("label", {}, [input, ` ${words}`]) };
    });
    const legend = html("legend", {}, ["The model is"]);
    return {
      element: html("fieldset", {}, [legend, ...options.map((option) => option.label)]),
      show: (mode) => options.forEach(({ input }) => (input.checked = input.value === mode)),
    };
  }

  /** A labelled list to choose from. */
  function list(id, words, chosen) {
    const select = html("select", { id });
    select.addEventListener("change", () => chosen(select.selectedIndex));
    return {
      element: html("div", { class: "toy-control" }, [html("label", { for: id }, [words]), select]),
      show: (names, index) => {
        // Only where they are others: an open list would close.
        const shown = [...select.options].map((option) => option.text);
        if (shown.join() !== names.join()) select.replaceChildren(...names.map((name) => html("option", {}, [name])));
        select.selectedIndex = index;
      },
    };
  }

  /** A labelled slider that shows its value. */
  function slider(id, { label, min, max, step }, chosen) {
    const input = html("input", { id, type: "range", min, max, step });
    const output = html("output", { for: id });
    input.addEventListener("input", () => chosen(Number(input.value)));
    return {
      element: html("div", { class: "toy-control" }, [html("label", { for: id }, [label]), input, output]),
      show: (value) => {
        input.value = value;
        output.textContent = Toy.words.number(value);
      },
    };
  }

  /** A line of the key: a mark as it is in the picture, and what it stands for. */
  function keyLine(kind, mark, words) {
    const drawn = Elements.svg("path", { class: `toy-${kind}`, d: mark });
    const svg = Elements.svg("svg", { viewBox: "0 0 28 28", "aria-hidden": "true", class: "toy-sample" }, [drawn]);
    return html("li", {}, [svg, " ", ...withIndices(words)]);
  }

  const LINE = "M2,14L26,14";
  const SHARED_KEY = () => [
    keyLine("data toy-round", Toy.marks.round(14, 14, 4), "real data"),
    keyLine("ring", Toy.marks.round(14, 14, 9), "picked by herding"),
    keyLine("arrow", Toy.arrow([3, 14], [25, 14]), "where Eq. 9 moves an exemplar, −∂L/∂e"),
  ];
  const KEYS = {
    point: () => [
      keyLine("mark toy-round", Toy.marks.round(14, 14, 9), "exemplar: drag it"),
      keyLine("mark toy-diamond", Toy.marks.diamond(14, 14, 9), "start θ₀: drag it"),
      keyLine("way", LINE, "θ₀ to θ_T, a dot each step of Eq. 8"),
      keyLine("end", Toy.marks.triangle(14, 15, 8), "θ_T"),
      keyLine("mean", Toy.marks.cross(14, 14, 8), "mean d of the data"),
      ...SHARED_KEY(),
    ],
    classes: () => [
      keyLine("mark toy-round", Toy.marks.round(14, 14, 9), "exemplar of the round class: drag it"),
      keyLine("mark toy-square", Toy.marks.square(14, 14, 9), "exemplar of the square class: drag it"),
      keyLine("boundary toy-first", LINE, "boundary of the classifier at θ₀"),
      keyLine("boundary toy-last", LINE, "at θ_T"),
      keyLine("boundary toy-between", LINE, "after each step between"),
      ...SHARED_KEY(),
    ],
  };

  Toy.controls = {
    /** All controls; `on` has a function for each: mode, cloud, start, T, alpha, beta, and the buttons' names. */
    make(id, on) {
      const parts = {
        mode: modes(id, on.mode),
        cloud: list(`${id}-cloud`, "Data", on.cloud),
        start: list(`${id}-start`, "Start θ₀", on.start),
      };
      SLIDERS.forEach((each) => (parts[each.name] = slider(`${id}-${each.name}`, each, on[each.name])));
      const buttons = Object.fromEntries(Object.entries(BUTTONS).map(([name, words]) => {
        const button = html("button", { type: "button", "data-action": name }, [words]);
        button.addEventListener("click", on[name]);
        return [name, button];
      }));
      return {
        chosen: html("div", { class: "toy-controls" }, Object.values(parts).map((part) => part.element)),
        buttons: html("div", { class: "toy-buttons" }, Object.values(buttons)),
        key: html("ul", { class: "toy-key", "aria-label": "Marks in the picture" }),
        numbers: html("ul", { class: "toy-numbers", "aria-live": "polite" }),
        parts,
        run: buttons.run,
      };
    },

    /** What is chosen, as the situation has it. */
    show({ parts, key, run }, data, situation, running) {
      const { clouds } = data[situation.mode];
      const starts = Object.keys(clouds[situation.cloud].starts);
      parts.mode.show(situation.mode);
      parts.cloud.show(clouds.map((cloud) => cloud.name), situation.cloud);
      parts.start.show(starts, situation.start);
      parts.start.element.hidden = starts.length === 1;
      SLIDERS.forEach(({ name }) => parts[name].show(situation[name]));
      run.textContent = running ? "Stop" : BUTTONS.run;
      if (key.dataset.mode !== situation.mode) key.replaceChildren(...KEYS[situation.mode]());
      key.dataset.mode = situation.mode;
    },

    /** The numbers, a line each. */
    say({ numbers }, lines) {
      numbers.replaceChildren(...lines.map((line) => html("li", {}, withIndices(line))));
    },

    html,
  };
}
