// Bytes as printable ASCII that compresses well.
//
// base64 shows the same bytes in three different ways, depending on where they stand, so that gzip finds few repetitions:
// the WebAssembly would weigh a third more over the network. Here a byte below 89, as most are, is one character, any
// other one of two prefixes and a character: equal bytes look equal, and the gzipped text is hardly larger than the gzipped bytes.
// The characters are those from `#` to `~` without the backslash, 91 of them, so that no quoting, character set or
// minifier can change the text.

const SINGLES = 89;
const FIRST = '#'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);

/** @param {Uint8Array} bytes */
export function encode(bytes) {
  let text = '';
  for (const byte of bytes) {
    const prefix = Math.floor(byte / SINGLES);
    if (prefix > 0) text += character(SINGLES + prefix - 1);
    text += character(byte % SINGLES);
  }
  return text;
}

/** @param {number} value below 91 */
function character(value) {
  const code = FIRST + value;
  return String.fromCharCode(code < BACKSLASH ? code : code + 1);
}

/** The source of the function that takes such a text back to bytes, for the module that holds the text. */
export const DECODER = `
function decode(text) {
  const bytes = [];
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const value = code - (code < ${BACKSLASH} ? ${FIRST} : ${FIRST + 1});
    if (value < ${SINGLES}) {
      bytes.push(high + value);
      high = 0;
    } else {
      high = (value - ${SINGLES - 1}) * ${SINGLES};
    }
  }
  return Uint8Array.from(bytes);
}`;
