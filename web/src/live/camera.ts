import type { Cancel, Clock } from "./clock";
import { classifyMediaError, type MediaProblem, missingMediaSupport } from "./media-errors";
import { Store } from "./store";

export interface CameraView {
  status: "off" | "asking" | "on" | "muted" | "lost" | "problem";
  problem: MediaProblem | null;
  /** Camera and, where there is one, microphone. */
  stream: MediaStream | null;
  microphone: boolean;
}

const VIDEO: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 15, max: 30 },
  facingMode: "user",
};
const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true };
const CHECK_MS = 1000;
const REGAIN_MS = [500, 1000, 2000, 4000];

/** The candidate's camera and microphone: asked for once, watched, and taken back when they go away. */
export class Camera {
  readonly view = new Store<CameraView>({ status: "off", problem: null, stream: null, microphone: false });
  private cancelCheck: Cancel = () => {};
  private attempt = 0;
  private wanted = false;

  constructor(private readonly clock: Clock) {
    navigator.mediaDevices?.addEventListener?.("devicechange", () => {
      if (this.view.get().status === "lost") void this.regain();
    });
  }

  async start(): Promise<boolean> {
    const { status } = this.view.get();
    if (status === "on" || status === "asking") return status === "on";
    const missing = missingMediaSupport();
    if (missing) {
      this.view.patch({ status: "problem", problem: missing });
      return false;
    }
    this.wanted = true;
    this.view.patch({ status: "asking", problem: null });
    try {
      this.use(await openDevices());
      return true;
    } catch (error) {
      // A camera that was lost in mid-exam is still waited for, whatever a try by hand came to.
      this.view.patch({ status: status === "lost" ? "lost" : "problem", problem: classifyMediaError(error) });
      if (status === "lost") this.regainLater();
      return false;
    }
  }

  stop(): void {
    this.wanted = false;
    this.cancelCheck();
    for (const track of this.view.get().stream?.getTracks() ?? []) track.stop();
    this.view.set({ status: "off", problem: null, stream: null, microphone: false });
  }

  private use(stream: MediaStream): void {
    if (!this.wanted) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.attempt = 0;
    for (const track of this.view.get().stream?.getTracks() ?? []) track.stop();
    const [video] = stream.getVideoTracks();
    if (video) {
      video.onended = () => this.lost();
      video.onmute = () => this.look();
      video.onunmute = () => this.look();
    }
    const [audio] = stream.getAudioTracks();
    if (audio) audio.onended = () => this.look();
    this.view.set({ status: "on", problem: null, stream, microphone: audio !== undefined });
    this.look();
  }

  /** A track can be ended without an event (after sleep, or by a script), so its state is also looked at. */
  private look(): void {
    // The microphone's end comes after the camera's: what waits for the camera goes on waiting.
    if (this.view.get().status === "lost") return;
    this.cancelCheck();
    const [video] = this.view.get().stream?.getVideoTracks() ?? [];
    if (!video) return;
    if (video.readyState === "ended") {
      this.lost();
      return;
    }
    this.dropDeadMicrophone();
    const status = video.muted ? "muted" : "on";
    if (this.view.get().status !== status) this.view.patch({ status });
    this.cancelCheck = this.clock.after(CHECK_MS, () => this.look());
  }

  /** Nobody is to think that they hear the candidate. */
  private dropDeadMicrophone(): void {
    const { stream, microphone } = this.view.get();
    if (!stream || !microphone || stream.getAudioTracks().some(({ readyState }) => readyState === "live"))
      return;
    this.view.patch({ stream: new MediaStream(stream.getVideoTracks()), microphone: false });
  }

  private lost(): void {
    if (!this.wanted || this.view.get().status === "lost") return;
    this.cancelCheck();
    this.view.patch({ status: "lost", problem: "ended" });
    this.regainLater();
  }

  private regainLater(): void {
    const wait = REGAIN_MS[Math.min(this.attempt++, REGAIN_MS.length - 1)] ?? 4000;
    this.cancelCheck();
    this.cancelCheck = this.clock.after(wait, () => void this.regain());
  }

  private async regain(): Promise<void> {
    if (!this.wanted || this.view.get().status !== "lost") return;
    try {
      this.use(await openDevices());
    } catch (error) {
      this.view.patch({ problem: classifyMediaError(error) });
      this.regainLater();
    }
  }
}

/** Camera with microphone; a missing or blocked microphone must not keep anybody out. */
async function openDevices(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: VIDEO, audio: AUDIO });
  } catch (error) {
    const problem = classifyMediaError(error);
    if (problem === "denied" && !(await cameraIsAllowed())) throw error;
    const video = problem === "overconstrained" ? true : VIDEO;
    return navigator.mediaDevices.getUserMedia({ video });
  }
}

async function cameraIsAllowed(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: "camera" as PermissionName });
    return state === "granted";
  } catch {
    return false;
  }
}
