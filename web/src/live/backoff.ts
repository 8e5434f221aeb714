/** Exponential back-off with full jitter on its upper half, so that many pages do not come back at once. */
export function backoffMs(attempt: number, random: () => number, baseMs = 300, maxMs = 3000): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.4 + 0.6 * random()));
}
