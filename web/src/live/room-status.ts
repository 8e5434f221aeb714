import type { CameraView } from "./camera";
import type { CandidateView } from "./candidate-state";

export interface RoomStatus {
  /** "technical" is ours or the network's, "camera" needs the candidate's hand; neither is an accusation. */
  tone: "ok" | "starting" | "technical" | "camera";
  title: string;
  text: string;
}

const LATE_MS = 20_000;

export function roomStatus(
  view: Pick<CandidateView, "connection" | "trouble" | "lastPostedAt" | "lastReply">,
  camera: Pick<CameraView, "status" | "problem">,
  now: number,
): RoomStatus {
  const trouble = cameraStatus(camera);
  if (trouble) return trouble;
  const { connection, lastPostedAt, lastReply } = view;
  if (view.trouble?.ours) {
    return {
      tone: "technical",
      title: "A technical problem on our side; keep working",
      text: "Pictures cannot be taken in at the moment. We keep trying. This is not held against you.",
    };
  }
  if (view.trouble || connection === "reconnecting") {
    return {
      tone: "technical",
      title: "Connecting again; keep working",
      text: "The connection was lost and is being restored by itself. This is not held against you.",
    };
  }
  if (lastPostedAt === null) {
    return { tone: "starting", title: "Monitoring is starting", text: "This takes a few seconds." };
  }
  if (now - lastPostedAt > LATE_MS + 3 * (lastReply?.next_frame_ms ?? 0)) {
    return {
      tone: "technical",
      title: "Pictures are delayed; keep working",
      text: "The connection seems slow. We keep trying. This is not held against you.",
    };
  }
  return { tone: "ok", title: "Monitoring is on", text: "Camera and connection work." };
}

function cameraStatus({ status, problem }: Pick<CameraView, "status" | "problem">): RoomStatus | null {
  if (status === "lost") {
    // A page that was forbidden the camera gets it back by the candidate's hand alone.
    return {
      tone: "camera",
      title: problem === "denied" ? "Your camera is not allowed any more" : "Your camera stopped",
      text:
        problem === "denied"
          ? "Please follow the steps below. Your exam goes on meanwhile."
          : "Please follow the steps below. We also try by ourselves; your exam goes on meanwhile.",
    };
  }
  if (status === "muted") {
    return {
      tone: "camera",
      title: "Your camera gives no picture",
      text: "Please open its cover or privacy switch. The proctor has been told that there is no picture.",
    };
  }
  if (status === "problem" || (status === "off" && problem)) {
    return {
      tone: "camera",
      title: "Your camera could not be started",
      text: "Please follow the steps below. Your exam goes on meanwhile.",
    };
  }
  return null;
}
