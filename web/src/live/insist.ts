import { asApiError } from "../api/http";
import { backoffMs } from "./backoff";
import type { Clock } from "./clock";

const TRIES = 3;
/** Nobody is kept waiting for longer than this without a word. */
const LONGEST_WAIT_MS = 5000;

/**
 * Try again what failed for a reason of the server or of the line, which is nothing to trouble a
 * person with. Only for calls that may arrive twice. Rejects with ApiError.
 */
export async function insist<T>(clock: Clock, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (reason) {
      const error = asApiError(reason);
      const waitMs = error.retryAfterMs ?? backoffMs(attempt, Math.random);
      if (!error.transient || attempt === TRIES || waitMs > LONGEST_WAIT_MS) throw error;
      await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    }
  }
}
