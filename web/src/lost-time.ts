import type { Gap, GapCause } from "./api/types";
import { duration } from "./time";

/** Times that are not the candidate's doing, and that the exam system may give back. */
const WORDS: Partial<Record<GapCause, string>> = {
  paused: "paused",
  removed: "out of the room by a proctor",
  server: "our server's fault",
};

/** In all, of one candidate's gaps: "paused 4 min, our server's fault 20 s"; null where there is none. */
export function lostTimeWords(gaps: readonly Gap[], now: number): string | null {
  const parts = Object.entries(WORDS).flatMap(([cause, words]) => {
    const ms = gaps
      .filter((gap) => gap.cause === cause)
      .reduce(
        (sum, gap) => sum + (gap.ended_at ? Date.parse(gap.ended_at) : now) - Date.parse(gap.started_at),
        0,
      );
    return ms >= 1000 ? [`${words} ${duration(ms)}`] : [];
  });
  return parts.length === 0 ? null : parts.join(", ");
}
