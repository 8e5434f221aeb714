import type { CameraView } from "./camera";

async function permission(name: string): Promise<string> {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return "not known";
  }
}

async function devices(): Promise<string[]> {
  try {
    const list = await navigator.mediaDevices.enumerateDevices();
    return list.map(({ kind, label }) => `${kind}: ${label || "(name hidden)"}`);
  } catch {
    return ["not available"];
  }
}

/** What a help desk asks for first; holds no name, no picture and no token. */
export async function diagnostics(camera: CameraView): Promise<string> {
  return JSON.stringify(
    {
      time: new Date().toISOString(),
      page: window.location.origin,
      browser: navigator.userAgent,
      secure_address: window.isSecureContext,
      camera: { status: camera.status, problem: camera.problem, microphone: camera.microphone },
      permissions: { camera: await permission("camera"), microphone: await permission("microphone") },
      devices: await devices(),
      webrtc: typeof RTCPeerConnection !== "undefined",
      online: navigator.onLine,
      window: `${window.innerWidth}x${window.innerHeight}`,
    },
    null,
    2,
  );
}
