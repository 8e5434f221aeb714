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
    return {
      tone: "camera",
      title: "Your camera stopped",
      text: "Please check its cable and that no other program uses it. We turn it on again as soon as it is back.",
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
