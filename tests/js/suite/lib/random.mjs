// Random numbers from a seed, the same in every runtime.

/** The generator called mulberry32: small, and good enough to choose what tests do. */
export class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.seed = seed;
    this.state = seed >>> 0;
  }

  /** A whole number from 0 to below `limit`. @param {number} limit */
  below(limit) {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  /** @param {number} percent */
  chance(percent) {
    return this.below(100) < percent;
  }

  /** @template T @param {readonly T[]} items @returns {T} */
  pick(items) {
    return items[this.below(items.length)];
  }

  /** A Unicode scalar value, those that matter to the format more often than the others. */
  character() {
    if (this.chance(35))
      return this.pick([
        '\r',
        '\n',
        '\r\n',
        ':',
        ' ',
        '\0',
        '\u2028',
        '\u0085',
        '\ufeff',
        'data',
        'id',
        'event',
        'retry',
      ]);
    const range = this.pick([0x80, 0x80, 0x800, 0x10000, 0x110000]);
    const point = this.below(range);
    return point >= 0xd800 && point <= 0xdfff ? '\ufffd' : String.fromCodePoint(point);
  }

  /** @param {number} most characters */
  text(most) {
    return Array.from({ length: this.below(most + 1) }, () => this.character()).join('');
  }

  /** A text that fits in a line, and is not empty. @param {number} most */
  line(most) {
    return this.text(most).replace(/[\r\n\0]/g, '') || 'line';
  }

  /** A JSON value. @returns {unknown} */
  json(depth = 3) {
    const kind = this.below(depth > 0 ? 8 : 6);
    switch (kind) {
      case 0:
        return null;
      case 1:
        return this.chance(50);
      case 2:
        return this.below(2 ** 32) - 2 ** 31;
      case 3:
        return this.below(1000) / 8;
      case 4:
      case 5:
        return this.text(12);
      case 6:
        return Array.from({ length: this.below(4) }, () => this.json(depth - 1));
      default:
        return Object.fromEntries(
          Array.from({ length: this.below(4) }, () => [`_${this.text(4)}`, this.json(depth - 1)]),
        );
    }
  }
}
