export type MediaProblem =
  | "denied"
  | "in_use"
  | "no_camera"
  | "insecure"
  | "unsupported"
  | "overconstrained"
  | "ended"
  | "unknown";

const BY_NAME: Record<string, MediaProblem> = {
  NotAllowedError: "denied",
  PermissionDeniedError: "denied",
  SecurityError: "denied",
  NotReadableError: "in_use",
  TrackStartError: "in_use",
  AbortError: "in_use",
  NotFoundError: "no_camera",
  DevicesNotFoundError: "no_camera",
  OverconstrainedError: "overconstrained",
};

/** What stands between this page and the camera, from the name of the error a browser gives. */
export function classifyMediaError(error: unknown): MediaProblem {
  const name = (error as { name?: unknown } | null)?.name;
  return (typeof name === "string" && BY_NAME[name]) || "unknown";
}

export function missingMediaSupport(): MediaProblem | null {
  if (!window.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia) return "unsupported";
  return null;
}
