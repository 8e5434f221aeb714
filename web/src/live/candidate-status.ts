import type { Candidate, ExamSession, Incident, Message } from "../api/types";
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

function roomTileStatus(candidate: Candidate, now: number): TileStatus {
  const { online, last_frame_at, next_frame_ms } = candidate;
  const silence = last_frame_at ? now - Date.parse(last_frame_at) : Number.POSITIVE_INFINITY;
  if (!online) {
    // Pictures come by themselves: no live connection is needed for them.
    if (silence < LATE_MS + 2 * (next_frame_ms ?? 0)) return "pictures";
    return silence < RECENT_MS ? "reconnecting" : "no_feed";
  }
  if (cameraOff(candidate)) return "camera_off";
  if (last_frame_at === null) return "online";
  return silence > RECENT_MS + 3 * (next_frame_ms ?? 0) ? "no_feed" : "online";
}

/** The candidate's page says that its camera gives nothing: what is still shown of it is of the past. */
export function cameraOff({ camera }: Pick<Candidate, "camera">): boolean {
  return camera === "ended" || camera === "muted";
}

const NO_PICTURES: readonly TileStatus[] = [
  "reconnecting",
  "no_feed",
  "camera_off",
  "paused",
  "removed",
  "finished",
  "ended",
  "left",
];

/** No new pictures come, so that the newest one says nothing about now. */
export function picturesStopped(candidate: Candidate, now: number): boolean {
  return cameraOff(candidate) || NO_PICTURES.includes(tileStatus(candidate, now));
}

/** Whether the candidate's page plays what the proctor says: from consent on, until the exam is over. */
export function playsProctor({ state }: Candidate, session: ExamSession | null): boolean {
  return state !== "removed" && state !== "finished" && session?.closed_at === null;
}

/** Whether there is anything of the candidate to hear: not on a break, nor after the exam. */
export function isHeard(candidate: Candidate, session: ExamSession | null): boolean {
  return candidate.state !== "paused" && playsProctor(candidate, session);
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
