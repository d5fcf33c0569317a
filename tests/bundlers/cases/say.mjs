import './web/page.js';

while (!globalThis.said) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(globalThis.said);
