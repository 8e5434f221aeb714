import type { Candidate, Incident, Message } from "../api/types";
import { waitsForAnother } from "./second-person";
import { answeredSince, isNew } from "./unread";

export type TileStatus =
  | "waiting"
  | "checking_in"
  | "ready"
  | "online"
  | "pictures"
  | "reconnecting"
  | "no_feed"
  | "camera_off"
  | "paused"
  | "removed"
  | "finished"
  | "ended"
  | "left";

export const STATUS_WORDS: Record<TileStatus, string> = {
  waiting: "Waiting for approval",
  checking_in: "Checking in",
  ready: "Ready to enter",
  online: "Online",
  pictures: "Pictures only",
  reconnecting: "Reconnecting",
  no_feed: "No feed",
  camera_off: "Camera off",
  paused: "Paused",
  removed: "Removed",
  finished: "Finished",
  ended: "Session closed",
  left: "Not connected",
};

const RECENT_MS = 30_000;
const LATE_MS = 2000;

/** `closed`: the session is, so that nobody is on the way in or in the room any more. */
export function tileStatus(candidate: Candidate, now: number, closed = false): TileStatus {
  if (closed && candidate.state !== "removed" && candidate.state !== "finished") return "ended";
  switch (candidate.state) {
    case "paused":
    case "removed":
    case "finished":
      return candidate.state;
    case "waiting_for_proctor":
      return "waiting";
    case "approved":
      return candidate.online ? "ready" : "left";
    case "in_room":
      return roomTileStatus(candidate, now);
    default:
      return candidate.online ? "checking_in" : "left";
  }
}

function roomTileStatus(
  { online, camera, last_frame_at, next_frame_ms }: Candidate,
  now: number,
): TileStatus {
  const silence = last_frame_at ? now - Date.parse(last_frame_at) : Number.POSITIVE_INFINITY;
  if (!online) {
    // Pictures come by themselves: no live connection is needed for them.
    if (silence < LATE_MS + 2 * (next_frame_ms ?? 0)) return "pictures";
    return silence < RECENT_MS ? "reconnecting" : "no_feed";
  }
  if (camera === "ended" || camera === "muted") return "camera_off";
  if (last_frame_at === null) return "online";
  return silence > RECENT_MS + 3 * (next_frame_ms ?? 0) ? "no_feed" : "online";
}

/**
 * Candidates with incidents that `person` can do something about, and how many there are: not decided,
 * or answered after that by the candidate, which nobody of this browser (`seen`) has read.
 */
export function toLookAtByCandidate(
  incidents: readonly Incident[],
  person: string,
  seen: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const incident of incidents) {
    const { candidate_id, decision } = incident;
    if (waitsForAnother(incident, person)) continue;
    const answered = answeredSince(incident) && isNew(incident, seen);
    if (!decision || decision.proposed || answered)
      counts.set(candidate_id, (counts.get(candidate_id) ?? 0) + 1);
  }
  return counts;
}

/** What candidates wrote and no proctor of this browser has read yet. */
export function unreadMessages(
  messages: readonly Message[],
  seen: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { id, candidate_id, from } of messages) {
    if (from === "candidate" && !seen.has(id)) counts.set(candidate_id, (counts.get(candidate_id) ?? 0) + 1);
  }
  return counts;
}
