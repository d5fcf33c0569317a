// Random times, so that clients which lost their connections together do not all reconnect at once.

/** Returns half to one and a half times as much. */
export const jittered = (milliseconds: number): number => milliseconds * (0.5 + Math.random());
