// Frames: a changed view is drawn once, with the browser's next frame.

/** @typedef {{ draw(): void }} Drawn */

/** @type {Set<Drawn>} */
const changed = new Set();
let asked = false;

/** Has something drawn with the next frame. @param {Drawn} drawn */
export function drawSoon(drawn) {
  changed.add(drawn);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const now = [...changed];
    changed.clear();
    for (const one of now) one.draw();
  });
}
