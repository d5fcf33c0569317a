// Composer: the message that the buttons send. It is the package's own `Message`, made in this
// window, so that a wrong one is refused here.

import { Message } from 'eric-sse';

/** @param {HTMLFormElement} form */
export function composer(form) {
  const type = /** @type {HTMLInputElement} */ (form.elements.namedItem('type'));
  const payload = /** @type {HTMLInputElement} */ (form.elements.namedItem('payload'));
  type.addEventListener('input', () => type.removeAttribute('aria-invalid'));

  /** Makes the message. @throws when the text is empty */
  return () => {
    try {
      return new Message(type.value.trim(), payloadOf(payload.value));
    } catch (error) {
      type.setAttribute('aria-invalid', 'true');
      type.focus();
      throw error;
    }
  };
}

/** JSON where it is JSON; nothing where nothing is; else the text. @param {string} text */
function payloadOf(text) {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
