"use strict";

// The exemplars: a column each, with the image at the start, at the stop, and what has changed, magnified.
{
  const BRIGHTER = [222, 143, 5];
  const DARKER = [30, 136, 201];

  /** Red, green and blue of a pixel that has one channel or three. */
  const coloured = (values, place, channels) => [0, 1, 2].map((k) => values[place + (channels === 1 ? 0 : k)]);

  /** The pixels of an image for a canvas. */
  function pixels(image, channels) {
    const found = [];
    for (let place = 0; place < image.length; place += channels) found.push(...coloured(image, place, channels), 255);
    return found;
  }

  /** The pixels of a change: no colour for none, and full colour for 255 levels, averaged over channels. */
  function change(now, start, channels, magnification) {
    const found = [];
    for (let place = 0; place < now.length; place += channels) {
      let moved = 0;
      for (let k = 0; k < channels; k += 1) moved += (now[place + k] - start[place + k]) / channels;
      found.push(...(moved > 0 ? BRIGHTER : DARKER), Math.round(Math.abs(moved) * magnification));
    }
    return found;
  }

  function paint(canvas, [height, width], values, words) {
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d").putImageData(new ImageData(Uint8ClampedArray.from(values), width, height), 0, 0);
    canvas.setAttribute("aria-label", words);
  }

  Scrubber.pictures = {
    make: () => ({ element: Scrubber.html("div", { class: "scrubber-pictures" }), columns: [] }),

    /** New columns, of the exemplars at these positions. */
    arrange(pictures, phase, positions) {
      const { html, words } = Scrubber;
      const canvas = (kind) => html("canvas", { role: "img", class: `scrubber-${kind}` });
      pictures.columns = positions.map((j) => ({
        j,
        head: html("div", { class: "scrubber-head" }, [phase.names[j]]),
        start: canvas("start"),
        now: canvas("now"),
        change: canvas("change"),
        moved: html("div", { class: "scrubber-moved" }),
      }));
      const row = (name, kind) => [html("div", { class: "scrubber-row" }, [name]), ...pictures.columns.map((c) => c[kind])];
      pictures.nowName = html("span");
      pictures.element.style.setProperty("--columns", positions.length);
      const factor = words.number(phase.magnification);
      pictures.element.replaceChildren(
        ...row("class", "head"),
        ...row("start", "start"),
        ...row(pictures.nowName, "now"),
        ...row(phase.magnification === 1 ? "change" : `change × ${factor}`, "change"),
        ...row("moved (std)", "moved"),
      );
      pictures.columns.forEach(({ j, start }) =>
        paint(start, phase.shape, pixels(phase.image(0, j), phase.shape[2]), words.exemplar(phase, 0, j)));
    },

    /** Draw a stop. */
    draw({ columns, nowName }, phase, stop) {
      const { words } = Scrubber;
      const channels = phase.shape[2];
      nowName.textContent = `step ${phase.steps[stop]}`;
      columns.forEach((column) => {
        const { j } = column;
        const [now, start] = [phase.image(stop, j), phase.image(0, j)];
        const moved = phase.moved[stop][j].toFixed(2);
        const name = words.exemplar(phase, stop, j);
        paint(column.now, phase.shape, pixels(now, channels), name);
        const values = change(now, start, channels, phase.magnification);
        paint(column.change, phase.shape, values, `change of ${name}, ${moved} std`);
        column.moved.textContent = moved;
      });
    },
  };
}
