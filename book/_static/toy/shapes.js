"use strict";

// The plane as the picture shows it, and the marks in it. One unit is 60 units of the SVG.
{
  const UNIT = 60;
  const [WIDTH, HEIGHT] = [12, 8];

  Toy.view = {
    box: `0 0 ${WIDTH * UNIT} ${HEIGHT * UNIT}`,
    width: WIDTH * UNIT,
    height: HEIGHT * UNIT,
    holds: ([x, y]) => Math.abs(x) <= WIDTH / 2 && Math.abs(y) <= HEIGHT / 2,
    clamped: ([x, y]) => [
      Math.max(-WIDTH / 2, Math.min(WIDTH / 2, x)),
      Math.max(-HEIGHT / 2, Math.min(HEIGHT / 2, y)),
    ],
    toPicture: ([x, y]) => [(x + WIDTH / 2) * UNIT, (HEIGHT / 2 - y) * UNIT],
    toPlane: ([x, y]) => [x / UNIT - WIDTH / 2, HEIGHT / 2 - y / UNIT],
  };

  const polygon = (points) => `M${points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join("L")}Z`;
  const around = (x, y, r, corners, turn) =>
    polygon(Array.from({ length: corners }, (_, k) => {
      const angle = turn + (2 * Math.PI * k) / corners;
      return [x + r * Math.sin(angle), y - r * Math.cos(angle)];
    }));

  /** Path data of a mark at a place of the picture; r is about half of its width. */
  Toy.marks = {
    round: (x, y, r) => `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
    square: (x, y, r) => around(x, y, 1.3 * r, 4, Math.PI / 4),
    diamond: (x, y, r) => around(x, y, 1.3 * r, 4, 0),
    triangle: (x, y, r) => around(x, y, 1.3 * r, 3, 0),
    cross: (x, y, r) => `M${x - r},${y - r}l${2 * r},${2 * r}m0,${-2 * r}l${-2 * r},${2 * r}`,
  };

  /** An arrow from a place of the picture to another, with a head that is shorter than the arrow. */
  Toy.arrow = ([x, y], [toX, toY]) => {
    const length = Math.hypot(toX - x, toY - y);
    const head = Math.min(10, length / 2);
    const [ux, uy] = length ? [(toX - x) / length, (toY - y) / length] : [0, 0];
    const wing = (side) => `L${toX - head * (ux - side * 0.5 * uy)},${toY - head * (uy + side * 0.5 * ux)}`;
    return `M${x},${y}L${toX},${toY}${wing(1)}M${toX},${toY}${wing(-1)}`;
  };
}
