"use strict";

// The widget: a situation, what follows from it, what the reader does to it. It takes the place of the page's figure.
{
  const PAUSE = 50; // Milliseconds between two steps of a run.
  const SPEAK = 500; // Milliseconds between two changes of the text that screen readers speak.
  const AT_ONCE = 100; // Steps of a run for readers who have asked for less motion.
  const STILL = 1e-6; // A run ends with a step that moves no exemplar further than this.

  const HELP =
    "Drag the large marks with the mouse or a finger. With the keyboard, move to one with Tab and press the arrow " +
    "keys, with Shift for larger steps.";

  class Widget {
    /** `root`: an element with an id, which holds the clouds and the situations to begin with as JSON. */
    constructor(root) {
      this.data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
      const { begin } = Toy.situation;
      this.situations = { point: begin(this.data, "point"), classes: begin(this.data, "classes") };
      this.mode = "point";
      const help = Toy.controls.html("p", { id: `${root.id}-help`, class: "toy-help" }, [HELP]);
      this.picture = Toy.picture.make(help.id);
      this.controls = Toy.controls.make(root.id, this.actions());
      const { chosen, buttons, numbers, key } = this.controls;
      root.append(this.picture.svg, help, numbers, buttons, chosen, key);
      this.arrange();
    }

    /** The situation in the present mode, and what follows from it. */
    get situation() {
      return this.situations[this.mode];
    }

    get outcome() {
      return Toy.situation.outcome(this.data, this.situation);
    }

    /** Go over to another situation in the present mode. */
    become(situation) {
      this.situations[this.mode] = situation;
      this.show();
    }

    /** What each control does. */
    actions() {
      const { withCloud, withStart, withPoints, withRandom, begin } = Toy.situation;
      const change = (changed) => (value) => this.become(changed(value));
      const set = (name) => change((value) => ({ ...this.situation, [name]: value }));
      return {
        mode: (mode) => {
          this.stop();
          this.mode = mode;
          this.arrange();
        },
        cloud: change((cloud) => withCloud(this.data, this.situation, cloud)),
        start: change((start) => withStart(this.data, this.situation, start)),
        T: set("T"),
        alpha: set("alpha"),
        beta: set("beta"),
        step: () => this.step(),
        run: () => (this.running ? this.stop() : this.run()),
        herding: change(() => withPoints(this.data, this.situation, this.outcome.herded)),
        random: change(() => withRandom(this.data, this.situation)),
        reset: change(() => begin(this.data, this.mode)),
      };
    }

    /** Move an exemplar, or the start. */
    move(what, place) {
      const { situation } = this;
      if (what === "theta_0") this.become({ ...situation, theta_0: place });
      else this.become({ ...situation, E: situation.E.map((e, j) => (j === what ? place : e)) });
    }

    /** One step of Eq. 9. Returns whether it moved anything. */
    step() {
      const before = this.situation;
      this.become(Toy.situation.stepped(before, this.outcome.gradient));
      return this.situation.E.flat().some((value, k) => Math.abs(value - before.E.flat()[k]) > STILL);
    }

    /** Step after step until nothing moves, or it is stopped. */
    run() {
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
        for (let k = 0; k < AT_ONCE; k += 1) if (!this.step()) break;
        return;
      }
      const next = () => (this.step() ? (this.running = setTimeout(next, PAUSE)) : this.stop());
      this.running = setTimeout(next, 0);
      this.show();
    }

    stop() {
      clearTimeout(this.running);
      this.running = undefined;
      this.show();
    }

    /** Make the marks of a mode, and show it. */
    arrange() {
      this.handles = Toy.handles.make(this.picture, this.situation, (what, place) => this.move(what, place));
      this.show();
    }

    show() {
      const { situation, outcome } = this;
      Toy.picture.draw(this.picture, Toy.situation.cloudOf(this.data, situation), situation, outcome);
      Toy.handles.put(this.handles, situation);
      Toy.controls.show(this.controls, this.data, situation, Boolean(this.running));
      this.speaking ??= setTimeout(() => this.speak(), SPEAK);
    }

    /** The numbers as they are now. */
    speak() {
      this.speaking = undefined;
      Toy.controls.say(this.controls, Toy.words.numbers(this.data, this.situation, this.outcome));
    }
  }

  Toy.Widget = Widget;

  const root = document.querySelector(".toy");
  root.widget = new Widget(root);
  root.widget.speak();
  document.documentElement.classList.add("widget-runs"); // the style sheet then hides the figure
}
