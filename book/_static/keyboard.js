// What scrolls sideways can be reached, and so scrolled, with the keyboard. Whether it scrolls depends on the screen.
const MAY_SCROLL = [
  ".bd-article .pst-scrollable-table-container",
  ".bd-article table.dataframe",
  ".bd-article .cell_output .output",
  ".bd-article pre",
  ".bd-article div.math mjx-container",
].join(",");

function mark(element) {
  if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  else element.removeAttribute("tabindex");
}

async function watch() {
  await window.MathJax?.startup?.promise; // formulas have their width only then
  const seen = new ResizeObserver((changes) => changes.forEach((change) => mark(change.target)));
  for (const element of document.querySelectorAll(MAY_SCROLL)) seen.observe(element);
}

// The theme's button that unfolds the pages below one in the contents has a picture alone.
function nameFolds() {
  for (const fold of document.querySelectorAll(".bd-sidebar li > details > summary")) {
    fold.ariaLabel = `Pages below ${fold.closest("li").querySelector("a").textContent.trim()}`;
  }
}

addEventListener("load", watch);
addEventListener("DOMContentLoaded", nameFolds);
