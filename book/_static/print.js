// On paper folds are open and the page is light, whatever it was on the screen.
const folds = () => document.querySelectorAll(".bd-article details");
let shown;

addEventListener("beforeprint", () => {
  shown = { theme: document.documentElement.dataset.theme, open: [...folds()].map((fold) => fold.open) };
  document.documentElement.dataset.theme = "light";
  for (const fold of folds()) fold.open = true;
});

addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = shown.theme;
  [...folds()].forEach((fold, index) => (fold.open = shown.open[index]));
});
