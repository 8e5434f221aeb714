import type { CaptureOrder, CaptureReport } from "./capture-protocol";

/** How long a picture may be late: a slow camera, or a busy machine. */
const PATIENCE_MS = 2000;

export interface Asked {
  /** Of the JPEG, 0 to 1. */
  quality?: number;
  /** How long the camera may take, twice when it has to be read anew. */
  patienceMs?: number;
}

export interface PictureSource {
  /** A picture taken `inMs` from now, or null when the camera gave none. */
  take(inMs: number, asked?: Asked): Promise<Blob | null>;
}

/** Pictures of the very track that is published (of a clone of it), made in a worker. */
export class Capture implements PictureSource {
  private readonly worker = new Worker(new URL("./capture.worker.ts", import.meta.url), { type: "module" });
  private waiting = new Map<number, (blob: Blob | null) => void>();
  private qualities = new Map<number, number>();
  private nextId = 1;
  private track: MediaStreamTrack | null = null;
  private clone: MediaStreamTrack | null = null;
  private video: HTMLVideoElement | null = null;

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<CaptureReport>) => {
      if (data.type === "tick") void this.grab(data.id);
      else if (data.type === "picture") this.settle(data.id, data.blob);
      else this.without(data.id, data.why);
    };
    // Who waits for a worker that could not start would wait for ever.
    this.worker.onerror = () => this.settleAll();
  }

  /** Switch to another camera track; null when there is none. */
  setTrack(track: MediaStreamTrack | null): void {
    this.track = track;
    this.clone?.stop();
    this.clone = track?.clone() ?? null;
    this.video = null;
    if (!this.clone) return;
    if ("MediaStreamTrackProcessor" in window) {
      const { readable } = new MediaStreamTrackProcessor({
        track: this.clone as MediaStreamVideoTrack,
        maxBufferSize: 1,
      });
      this.order({ type: "stream", stream: readable }, [readable]);
    } else {
      this.video = document.createElement("video");
      this.video.muted = true;
      this.video.playsInline = true;
      this.video.srcObject = new MediaStream([this.clone]);
      void this.video.play().catch(() => {});
    }
  }

  async take(inMs: number, asked: Asked = {}): Promise<Blob | null> {
    const picture = await this.ask(inMs, asked);
    if (picture || this.track?.readyState !== "live" || this.track.muted) return picture;
    // A browser now and then gives nothing to one reader of a camera that is fine: read it anew.
    this.setTrack(this.track);
    return this.ask(0, asked);
  }

  private ask(inMs: number, { quality = 0.8, patienceMs = PATIENCE_MS }: Asked): Promise<Blob | null> {
    const id = this.nextId++;
    this.qualities.set(id, quality);
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.order({ type: "take", id, inMs, quality, patienceMs, ticked: this.video !== null });
    });
  }

  stop(): void {
    this.setTrack(null);
    this.worker.terminate();
    this.settleAll();
  }

  private settleAll(): void {
    for (const id of [...this.waiting.keys()]) this.settle(id, null);
  }

  private async grab(id: number): Promise<void> {
    try {
      if (!this.video || this.video.readyState < 2) throw new Error("no picture yet");
      const bitmap = await createImageBitmap(this.video);
      this.order({ type: "bitmap", id, bitmap, quality: this.qualities.get(id) ?? 0.8 }, [bitmap]);
    } catch {
      this.settle(id, null);
    }
  }

  private without(id: number, why: string): void {
    // biome-ignore lint/suspicious/noConsole: a candidate who calls for help can read it out
    console.warn(`The camera gave no picture: ${why}.`);
    this.settle(id, null);
  }

  private settle(id: number, blob: Blob | null): void {
    this.waiting.get(id)?.(blob);
    this.waiting.delete(id);
    this.qualities.delete(id);
  }

  private order(order: CaptureOrder, transfer: Transferable[] = []): void {
    this.worker.postMessage(order, transfer);
  }
}
