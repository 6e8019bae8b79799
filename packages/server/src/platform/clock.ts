/** Epoch milliseconds by our clock. Pure code gets the number; shells get the function. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
