"use strict";

// The widget: which run, phase and class, and at which stop. It takes the place of the page's figures.
{
  const [PAUSE, CALM_PAUSE] = [150, 1000]; // Milliseconds a stop while it plays; and for those who want less motion.
  const STILL = 500; // Milliseconds after the last change until the numbers are spoken.
  const ALL = "all classes";

  class Widget {
    /** `root`: an element with an id, which holds the runs as JSON: their name -> what was kept of each phase. */
    constructor(root) {
      const { html, Phase } = Scrubber;
      const written = JSON.parse(root.querySelector("script[type='application/json']").textContent);
      this.runs = Object.entries(written).map(([name, phases]) => ({ name, phases: phases.map((each) => new Phase(each)) }));
      this.chosen = { run: 0, phase: 0, class: null, stop: 0 };
      this.lists = {
        run: this.list(`${root.id}-run`, "Run", (index) => this.choose({ run: index })),
        phase: this.list(`${root.id}-phase`, "Phase", (index) => this.choose({ phase: index })),
        class: this.list(`${root.id}-class`, "Class", (index) => this.choose({ class: index ? this.phase.classes[index - 1] : null })),
      };
      this.button = html("button", { type: "button" });
      this.button.addEventListener("click", () => (this.playing ? this.stop() : this.play()));
      this.slider = html("input", { id: `${root.id}-step`, type: "range", min: 0, step: 1 });
      this.slider.addEventListener("input", () => {
        this.stop();
        this.go(Number(this.slider.value));
      });
      this.place = html("output", { for: this.slider.id });
      const label = html("label", { for: this.slider.id }, ["Outer steps done"]);
      this.numbers = html("ul", { class: "scrubber-numbers" });
      this.spoken = html("p", { class: "scrubber-spoken", "aria-live": "polite" });
      this.pictures = Scrubber.pictures.make();
      this.curves = Scrubber.curves.make();
      root.append(
        html("div", { class: "scrubber-choice" }, Object.values(this.lists).map(({ element }) => element)),
        html("div", { class: "scrubber-time" }, [this.button, label, this.slider, this.place]),
        this.pictures.element,
        this.numbers,
        this.spoken,
        this.curves.element,
      );
      this.choose({});
    }

    get phase() {
      return this.runs[this.chosen.run].phases[this.chosen.phase];
    }

    /** A labelled list to choose from. */
    list(id, words, chosen) {
      const { html } = Scrubber;
      const select = html("select", { id });
      select.addEventListener("change", () => chosen(select.selectedIndex));
      const element = html("div", {}, [html("label", { for: id }, [words]), select]);
      return {
        element,
        show(names, index) {
          select.replaceChildren(...names.map((name) => html("option", {}, [name])));
          select.selectedIndex = index;
          select.disabled = names.length === 1;
        },
      };
    }

    /** Go over to another run, phase or class; the class and the stop stay where the phase has them. */
    choose(changed) {
      this.stop();
      Object.assign(this.chosen, changed);
      const { runs, lists, chosen } = this;
      const { phases } = runs[chosen.run];
      const { phase } = this;
      if (!phase.classes.includes(chosen.class)) chosen.class = null;
      chosen.stop = Math.min(chosen.stop, phase.last);
      lists.run.show(runs.map(({ name }) => name), chosen.run);
      lists.phase.show(phases.map(({ phase: i, classes }) => `${i}: ${classes.length === 1 ? "class" : "classes"} ${classes.join(", ")}`), chosen.phase);
      const names = phase.classes.length === 1 ? phase.classes : [ALL, ...phase.classes];
      lists.class.show(names, Math.max(0, names.indexOf(chosen.class)));
      this.slider.max = phase.last;
      const positions = phase.of(chosen.class);
      Scrubber.pictures.arrange(this.pictures, phase, positions);
      Scrubber.curves.arrange(this.curves, phase, positions);
      this.go(chosen.stop);
    }

    /** Go to a stop. */
    go(stop) {
      const { phase } = this;
      const { html, words } = Scrubber;
      this.chosen.stop = stop;
      this.slider.value = stop;
      this.slider.setAttribute("aria-valuetext", words.place(phase, stop));
      this.place.textContent = words.place(phase, stop);
      Scrubber.pictures.draw(this.pictures, phase, stop);
      Scrubber.curves.draw(this.curves, phase, stop);
      this.numbers.replaceChildren(...words.numbers(phase, stop).map((line) => html("li", {}, [line])));
      clearTimeout(this.speaking);
      this.speaking = setTimeout(() => (this.spoken.textContent = words.spoken(this.phase, this.chosen.stop)), STILL);
    }

    /** Stop after stop, to the last one; from there, from the first. */
    play() {
      const pause = matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM_PAUSE : PAUSE;
      if (this.chosen.stop === this.phase.last) this.go(0);
      this.playing = setInterval(() => {
        this.go(this.chosen.stop + 1);
        if (this.chosen.stop === this.phase.last) this.stop();
      }, pause);
      this.button.textContent = "Pause";
    }

    stop() {
      clearInterval(this.playing);
      this.playing = undefined;
      this.button.textContent = "Play";
    }
  }

  const root = document.querySelector(".scrubber");
  root.widget = new Widget(root);
  document.documentElement.classList.add("widget-runs"); // the style sheet then hides the figures
}
