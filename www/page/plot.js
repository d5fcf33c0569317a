// Plot: a meter's half minute on a canvas, as a recorder draws it. The time in which the listener
// was stopped is hatched.

import { POINTS } from './meter.js';

/** @typedef {import('./meter.js').Meter} Meter */

const INSET = 3;

export class Plot {
  #canvas;
  #context;
  #meter;
  #width = 0;
  #height = 0;
  #scale = 1;
  /** @type {{ trace: string, wash: string, line: string, soft: string } | undefined} */ #colours;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Meter} meter
   */
  constructor(canvas, meter) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    this.#meter = meter;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#colours = undefined;
      this.draw();
    });
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas;
    this.#scale = devicePixelRatio || 1;
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * this.#scale);
    this.#canvas.height = Math.round(clientHeight * this.#scale);
    this.draw();
  }

  draw() {
    if (this.#width === 0) return;
    if (this.#scale !== devicePixelRatio) return this.#resize();
    const context = this.#context;
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    const most = this.#most();
    this.#drawStops();
    this.#drawGrid();
    this.#drawTrace(most);
    this.#label(most);
  }

  /** The top of the scale: 1, 2 or 5 times a power of ten, at least 5. */
  #most() {
    let most = 5;
    for (let i = 0; i < POINTS; i++) most = Math.max(most, this.#meter.at(i));
    const power = 10 ** Math.floor(Math.log10(most));
    return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= most) ?? most;
  }

  /** @param {number} point */
  #x(point) {
    return (point / (POINTS - 1)) * this.#width;
  }

  /** @param {number} value @param {number} most */
  #y(value, most) {
    return this.#height - 1 - (value / most) * (this.#height - 1 - INSET);
  }

  #drawGrid() {
    const context = this.#context;
    context.fillStyle = this.#palette().line;
    context.fillRect(0, this.#height - 1, this.#width, 1);
    // A stroke every five seconds.
    for (let i = 1; i < 6; i++) context.fillRect(Math.round((i * this.#width) / 6), this.#height - 5, 1, 4);
  }

  #drawStops() {
    const context = this.#context;
    context.strokeStyle = this.#palette().line;
    context.lineWidth = 1;
    for (let from = 0; from < POINTS; from++) {
      if (!this.#meter.stoppedAt(from)) continue;
      let to = from;
      while (to + 1 < POINTS && this.#meter.stoppedAt(to + 1)) to++;
      const left = this.#x(from);
      const right = this.#x(to);
      context.save();
      context.beginPath();
      context.rect(left, 0, right - left, this.#height - 1);
      context.clip();
      context.beginPath();
      // From the plot's own edge, so that the strokes of neighbours meet.
      for (let x = Math.floor((left - this.#height) / 6) * 6; x < right; x += 6) {
        context.moveTo(x, this.#height);
        context.lineTo(x + this.#height, 0);
      }
      context.stroke();
      context.restore();
      from = to;
    }
  }

  /** @param {number} most */
  #drawTrace(most) {
    const context = this.#context;
    const { trace, wash } = this.#palette();
    const { first } = this.#meter;
    const line = new Path2D();
    for (let i = first; i < POINTS; i++) line.lineTo(this.#x(i), this.#y(this.#meter.at(i), most));
    const area = new Path2D(line);
    area.lineTo(this.#width, this.#height - 1);
    area.lineTo(this.#x(first), this.#height - 1);
    context.fillStyle = wash;
    context.fill(area);
    context.strokeStyle = trace;
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.stroke(line);
  }

  /** @param {number} most */
  #label(most) {
    const context = this.#context;
    context.fillStyle = this.#palette().soft;
    context.font = `10px ${getComputedStyle(this.#canvas).fontFamily}`;
    context.textBaseline = 'top';
    context.fillText(`${most}/s`, 4, 3);
  }

  #palette() {
    if (!this.#colours) {
      const style = getComputedStyle(this.#canvas);
      const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
      this.#colours = { trace: colour('trace'), wash: colour('wash'), line: colour('line'), soft: colour('soft') };
    }
    return this.#colours;
  }
}
