"use strict";

// What can be moved, by mouse or finger and by the arrow keys: the exemplars, and the start in the mode of a point.
{
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const [STEP, LARGE_STEP] = [0.1, 0.5];

  /** Where a pointer is, in the plane. */
  function placeOf(svg, event) {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return Toy.view.toPlane([place.x, place.y]);
  }

  /** Call `move(place)` while the handle is dragged, and for each arrow key. */
  function listen(svg, handle, move) {
    const { element } = handle;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault(); // no text is selected on the way
      element.focus({ preventScroll: true });
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) move(Toy.view.clamped(placeOf(svg, event)));
    });
    element.addEventListener("keydown", (event) => {
      const direction = KEYS[event.key];
      if (!direction || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault(); // the page does not scroll
      const step = event.shiftKey ? LARGE_STEP : STEP;
      move(Toy.view.clamped(handle.place.map((value, k) => value + step * direction[k])));
    });
  }

  /** A handle: a mark with a wider area to catch it, which can have the focus. */
  function handle(kind) {
    const area = Elements.svg("path", { class: "toy-area" });
    const mark = Elements.svg("path", { class: `toy-mark toy-${kind}` });
    const role = { role: "button", "aria-roledescription": "point to move" };
    const element = Elements.svg("g", { ...role, tabindex: 0, class: "toy-handle" });
    element.append(area, mark);
    return { kind, element, area, mark, place: [0, 0] };
  }

  /** Put a handle where it belongs, at the picture's edge where that is outside. */
  function put(handle, place, words) {
    handle.place = place;
    const [x, y] = Toy.view.toPicture(Toy.view.clamped(place));
    handle.area.setAttribute("d", Toy.marks.round(x, y, 20));
    handle.mark.setAttribute("d", Toy.marks[handle.kind](x, y, 11));
    handle.element.classList.toggle("toy-outside", !Toy.view.holds(place));
    handle.element.setAttribute("aria-label", `${words}, at ${Toy.words.place(place)}`);
  }

  // One handle for each thing that can be moved. They stay the same elements while they move, and so keep the focus.
  Toy.handles = {
    /** `moved(j, place)` is called for the exemplar j, and with j = "theta_0" for the start. */
    make({ svg, layers }, situation, moved) {
      const exemplars = situation.E.map((_, j) => handle(Toy.picture.markOf(situation, j)));
      const start = situation.mode === "point" ? [handle("diamond")] : [];
      exemplars.forEach((each, j) => listen(svg, each, (place) => moved(j, place)));
      start.forEach((each) => listen(svg, each, (place) => moved("theta_0", place)));
      layers.handles.replaceChildren(...[...start, ...exemplars].map((each) => each.element));
      return { exemplars, start };
    },

    put({ exemplars, start }, situation) {
      exemplars.forEach((each, j) => put(each, situation.E[j], Toy.words.exemplar(situation, j)));
      start.forEach((each) => put(each, situation.theta_0, "start θ₀"));
    },
  };
}
