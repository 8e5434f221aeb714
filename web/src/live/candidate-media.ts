import { Camera } from "./camera";
import { type Asked, Capture, type PictureSource } from "./capture";
import type { Clock } from "./clock";
import { Sending } from "./connect";
import { randomUuid } from "./ids";
import type { MediaContext } from "./media";
import type { CameraDevice, ClientMessage } from "./protocol";

export type CameraClaim = Extract<ClientMessage, { type: "camera" }>["state"];

export interface MediaOptions {
  clock: Clock;
  send: MediaContext["send"];
  grant: MediaContext["grant"];
  onClaim: (claim: CameraClaim, device: CameraDevice) => void;
}

/** One camera, three users: the candidate's own view, the pictures for analysis, and the proctors. */
export class CandidateMedia implements PictureSource {
  readonly camera: Camera;
  readonly live: Sending;
  private capture: Capture | null = null;
  private stream: MediaStream | null = null;
  private claimed: CameraClaim | null = null;

  constructor(private readonly options: MediaOptions) {
    this.camera = new Camera(options.clock);
    const { clock, send, grant } = options;
    this.live = new Sending({ epoch: randomUuid(), clock, send, grant });
    this.camera.view.subscribe(() => this.changed());
    document.addEventListener("visibilitychange", () => this.changed());
    window.addEventListener("online", () => this.live.networkChanged());
    window.addEventListener("pagehide", () => this.live.close());
  }

  take(inMs: number, asked?: Asked): Promise<Blob | null> {
    this.capture ??= new Capture();
    return this.capture.take(inMs, asked);
  }

  /** What the page can truthfully say about its camera; null before there was one. */
  claim(): CameraClaim | null {
    const { status } = this.camera.view.get();
    if (status === "off" || status === "asking") return null;
    if (status === "lost" || status === "problem") return "ended";
    if (status === "muted") return "muted";
    return document.hidden ? "hidden" : "ok";
  }

  /** What the browser calls the camera in use. */
  device(): CameraDevice {
    const [track] = this.stream?.getVideoTracks() ?? [];
    const device = track?.getSettings().deviceId?.slice(0, 256);
    return track && device ? { device, label: track.label.slice(0, 256) } : {};
  }

  /** Camera and microphone off for a while; the connection to the proctors stays. */
  rest(): void {
    this.camera.stop();
    this.capture?.stop();
    this.capture = null;
  }

  stop(): void {
    this.live.close();
    this.rest();
  }

  private changed(): void {
    const { stream } = this.camera.view.get();
    const another = stream !== this.stream;
    if (another) {
      this.stream = stream;
      if (stream) this.capture ??= new Capture();
      this.capture?.setTrack(stream?.getVideoTracks()[0] ?? null);
      this.live.setTracks(stream?.getTracks() ?? []);
    }
    const claim = this.claim();
    if (claim === this.claimed && !another) return;
    this.claimed = claim;
    if (claim) this.options.onClaim(claim, this.device());
  }
}
