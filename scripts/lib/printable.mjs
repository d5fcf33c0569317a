// Bytes as printable ASCII that compresses well.
//
// base64 shows the same bytes in three different ways, depending on where they stand, so that gzip
// finds few repetitions: the WebAssembly would weigh a third more over the network. Here a byte
// below 89, as most are, is one character, any other byte one of two prefixes and a character.
// Equal bytes look equal, and the gzipped text is hardly larger than the gzipped bytes. The most
// frequent bytes from 89 on change places with the rarest ones below; the text begins with those
// pairs. The characters are those from `#` to `~` without the backslash, 91 of them, so that no
// quoting, character set or minifier can change the text.

const SINGLES = 89;
const FIRST = '#'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
/** One more than the characters: the backslash has the last value, which no byte needs. */
const VALUES = SINGLES + 3;

/** More pairs save less than they weigh themselves. */
const PAIRS = 10;

/** @param {Uint8Array} bytes */
export function encode(bytes) {
  const pairs = pairsOf(bytes);
  return asText(pairs) + asText(bytes.map((byte) => pairs[pairs.indexOf(byte) ^ 1] ?? byte));
}

/** The bytes that change places, two and two. @param {Uint8Array} bytes */
function pairsOf(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte]++;
  const byCount = counts.map((_, byte) => byte).sort((one, other) => counts[other] - counts[one]);
  const frequent = byCount.filter((byte) => byte >= SINGLES);
  const rare = byCount.filter((byte) => byte < SINGLES).reverse();
  return Uint8Array.from({ length: 2 * PAIRS }, (_, index) => (index % 2 ? rare : frequent)[index >> 1] ?? 0);
}

/** @param {Uint8Array} bytes */
function asText(bytes) {
  let text = '';
  for (const byte of bytes) {
    const prefix = Math.floor(byte / SINGLES);
    if (prefix > 0) text += character(SINGLES + prefix - 1);
    text += character(byte % SINGLES);
  }
  return text;
}

/** The character behind the backslash has the value 0. @param {number} value below 91 */
function character(value) {
  return String.fromCharCode(FIRST + ((value + BACKSLASH + 1 - FIRST) % VALUES));
}

/**
 * The source of the function that takes such a text back to bytes, for the module that holds the
 * text. It runs once, before the engine has had a reason to compile it: so it does little for each
 * character.
 */
export const DECODER = `
function decode(text) {
  const { length } = text;
  const bytes = new Uint8Array(length);
  let high = 0;
  let end = 0;
  for (let i = 0; i < length; i++) {
    const value = (text.charCodeAt(i) + ${VALUES - ((BACKSLASH + 1) % VALUES)}) % ${VALUES};
    if (value < ${SINGLES}) {
      bytes[end++] = high + value;
      high = 0;
    } else {
      high = (value - ${SINGLES - 1}) * ${SINGLES};
    }
  }
  const paired = [];
  for (let i = 0; i < ${2 * PAIRS}; i++) paired[bytes[i]] = bytes[i ^ 1];
  return bytes.subarray(${2 * PAIRS}, end).map((byte) => paired[byte] ?? byte);
}`;
