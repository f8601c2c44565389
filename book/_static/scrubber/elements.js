"use strict";

// Elements of the page and of its drawings.
const Scrubber = {}; // All files of the scrubber share it.
{
  const filled = (element, attributes, children) => {
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...children);
    return element;
  };

  Scrubber.html = (name, attributes = {}, children = []) =>
    filled(document.createElement(name), attributes, children);

  Scrubber.svg = (name, attributes = {}, children = []) =>
    filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}
