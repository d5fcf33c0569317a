/** Microseconds of a clock that all processes of the machine share. */
export function now() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}
