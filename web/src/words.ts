/** Facts in plain words. Nothing here judges: an incident says "look here", people decide. */
import type {
  Candidate,
  CheckInProgress,
  Decision,
  FrameReason,
  Gap,
  GapCause,
  Incident,
  IncidentKind,
  LiveFacts,
  Severity,
} from "./api/types";
import { cameraOff } from "./live/candidate-status";
import type { LiveView } from "./live/media";
import { clockTime } from "./time";

export const KIND_WORDS: Record<IncidentKind, string> = {
  multiple_faces: "More than one face",
  different_person: "Face differs from reference photo",
  no_face: "No face in view",
  camera_lost: "Camera picture lost",
  not_recognised: "Not recognised",
  frames_do_not_match_video: "Posted pictures differ from the live video",
  feed_looped: "The same pictures come again",
  camera_frozen: "Camera picture stands still",
  camera_covered: "Camera covered or room dark",
  frame_replayed: "A picture was sent a second time",
  virtual_camera: "Camera is named like a program",
  camera_changed: "Another camera is in use",
};

/** What to say of a candidate in the room whose live picture does not flow; null when it does. */
export function liveTroubleWords(
  { state, online, camera }: Candidate,
  live: LiveView | null,
  trouble: string | null,
): string | null {
  if (state !== "in_room" || !online) return null;
  if (cameraOff({ camera })) return "The camera gives no picture at the moment.";
  if (live?.state === "live") return null;
  if (trouble) return "No live video at the moment. Still pictures go on.";
  return live?.state === "broken" ? "Live video is interrupted. Still pictures go on." : null;
}

export const SEVERITY_WORDS: Record<Severity, string> = {
  high: "Look now",
  medium: "Look soon",
  low: "Look when there is time",
  info: "For your information",
};

export const DECISION_WORDS: Record<Decision, string> = {
  confirmed: "Confirmed",
  dismissed: "Dismissed",
  inconclusive: "Inconclusive",
};

export const MESSAGE_PRESETS: Record<"message" | "warning", string[]> = {
  message: [
    "Everything is fine, please go on.",
    "Please look into the camera for a moment.",
    "We had a technical problem. You have done nothing wrong.",
  ],
  warning: [
    "Please make sure that you are alone in the room.",
    "Please stay in front of the camera.",
    "Please turn on a light in front of you.",
  ],
};

const HINTS: Record<FrameReason, string> = {
  no_face: "We cannot see your face. Please sit in front of the camera.",
  several_faces: "We see more than one face. Please make sure that you are alone.",
  face_too_small: "Please move a little closer to the camera.",
  too_dark: "It is too dark. Please turn on a light in front of you.",
  too_bright: "It is too bright. Please turn away from the window or lamp behind you.",
  blurred: "The picture is blurred. Please hold still, or wipe the camera.",
  turned_away: "Please look straight at the camera.",
  face_cut_off: "Your face is partly outside the picture. Please move into the middle of it.",
};

export function hintWords(reason: FrameReason | null): string | null {
  return reason === null ? null : (HINTS[reason] ?? "The picture could not be used. Please hold still.");
}

export function checkInWords({ collected, needed, hint }: CheckInProgress): string {
  return hintWords(hint) ?? (collected < needed ? "Good. Please look at the camera." : "Comparing…");
}

const UNUSABLE: Record<FrameReason, string> = {
  no_face: "no face",
  several_faces: "several faces",
  face_too_small: "face too far away",
  too_dark: "too dark",
  too_bright: "too bright",
  blurred: "blurred",
  turned_away: "face turned away",
  face_cut_off: "face partly outside the picture",
};

/** Why no face can be told; that none was found says nothing then. */
function blindWords({ faces, usable, reason }: LiveFacts): string | null {
  return faces === 0 && !usable && reason && reason !== "no_face" ? (UNUSABLE[reason] ?? null) : null;
}

export function facesWords(live: LiveFacts | null): string {
  if (!live || live.faces === null) return "No picture analysed yet";
  const blind = blindWords(live);
  if (blind) return `The last picture is ${blind}`;
  return `${live.faces === 0 ? "No face" : facesCount(live)} in the last picture`;
}

export function facesCount(live: LiveFacts): string {
  const blind = blindWords(live);
  if (blind) return blind;
  if (live.faces === 0) return "no face";
  return live.faces === 1 ? "1 face" : `${live.faces} faces`;
}

/** A fault of ours, which says nothing of the candidate: what it is, and what to do. */
export const CANNOT_COMPARE_WORDS =
  "Not possible: what was kept of this face at check-in cannot be opened, because a key of the server " +
  "is missing or the record is damaged. Please compare by eye, and tell whoever runs the server. It " +
  "goes on by itself once the key is restored.";

export function identityWords(live: LiveFacts | null): string {
  if (!live) return "Not compared yet";
  if (live.identity === "cannot_compare") return CANNOT_COMPARE_WORDS;
  // Somebody may be recognised on a picture that is too poor to say that it is somebody else.
  if (live.identity === "match") return "Matches the check-in photos";
  if (!live.usable && live.reason) return `Not compared (${UNUSABLE[live.reason] ?? "not usable"})`;
  switch (live.identity) {
    case "mismatch":
      return "Does not match the check-in photos";
    case "uncertain":
      return "Unclear whether it matches";
    default:
      return "Not compared";
  }
}

export function comparisonWords(incident: Incident): string | null {
  switch (incident.detail.comparison) {
    case "does_not_match":
      return "Comparison: does not match the reference photo";
    case "matches":
      return "Comparison: matches the reference photo";
    case "unclear":
      return "Comparison: unclear; the face was hidden, blurred or in doubt";
    case "neither":
      return "Comparison: seen clearly, neither like nor unlike enough; please compare by eye";
    default:
      return null;
  }
}

export function detailWords({ kind, detail }: Incident): string | null {
  if (kind === "multiple_faces" && detail.max_faces) return `Up to ${detail.max_faces} faces at once`;
  if (kind === "camera_lost" && detail.cause) return `Cause: ${causeWords(detail.cause)}`;
  return null;
}

const CAUSES: Record<GapCause, string> = {
  camera: "the camera was off, covered or unplugged",
  connection: "the connection was lost",
  server: "our server did not run; not the candidate's doing",
  paused: "paused by a proctor; not counted",
  removed: "out of the room by a proctor; not counted",
  unknown: "the cause is not known",
};

export function causeWords(cause: GapCause): string {
  return CAUSES[cause] ?? CAUSES.unknown;
}

export function gapWords(gap: Gap): string {
  return `No pictures: ${causeWords(gap.cause)}`;
}

export function waitingWords({ waiting_reason }: Candidate): string {
  switch (waiting_reason) {
    case "mismatch":
      return "The live pictures do not match the reference photo. Please compare by eye.";
    case "asked":
      return "The candidate asked for a person to look.";
    case "unclear":
      return "The comparison was unclear. Please compare by eye.";
    default:
      return "Please compare by eye.";
  }
}

/** Where software was to compare and has nothing to compare with: whoever watches has to know. */
export function notComparedWords({ identity_check, template, state, live }: Candidate): string | null {
  if (live?.identity === "cannot_compare") return "Cannot be compared: please compare by eye";
  const checked = state === "approved" || state === "in_room" || state === "paused";
  return checked && identity_check === "software" && template === "none" ? "Nobody is compared" : null;
}

/** How long a pause lasts already, and what was arranged; null while there is none. */
export function pausedWords(candidate: Candidate, now: number): string | null {
  const { state, state_since, accommodations, online } = candidate;
  if (state !== "paused" || !state_since) return null;
  const minutes = Math.max(0, Math.floor((now - Date.parse(state_since)) / 60_000));
  const arranged = accommodations.breaks > 0 ? ` (${accommodations.break_minutes} arranged)` : "";
  const away = online ? "" : " · page not connected";
  return `Paused for ${minutes < 1 ? "less than 1" : minutes} min${arranged}${away}`;
}

/** Whether a pause is longer than the breaks that were arranged; never where none were. */
export function breakIsOver({ state, state_since, accommodations }: Candidate, now: number): boolean {
  if (state !== "paused" || !state_since || accommodations.breaks === 0) return false;
  return now - Date.parse(state_since) > accommodations.break_minutes * 60_000;
}

/** For whoever decides about letting in: it may be the same person, or another one of that name. */
export function removedBeforeWords({ removed_before, state }: Candidate): string | null {
  if (!removed_before || state === "removed" || state === "finished") return null;
  return `Somebody of this name was removed at ${clockTime(removed_before)}.`;
}

export const NO_PHOTO_WORDS = "No photo: no software will notice another person.";

export function evidenceMissingWords(incident: Incident): string {
  if (incident.evidence_missing === "storage_full") return "No picture kept: storage was full";
  if (incident.evidence_missing === "key_missing") return "No picture kept: its key could not be opened";
  return "No picture for this incident";
}
