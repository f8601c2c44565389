"use strict";

// Elements of the page and of its drawings, for every widget.
const Elements = {};
{
  const filled = (element, attributes, children) => {
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...children);
    return element;
  };

  Elements.html = (name, attributes = {}, children = []) =>
    filled(document.createElement(name), attributes, children);

  Elements.svg = (name, attributes = {}, children = []) =>
    filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}
