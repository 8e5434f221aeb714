import { type ApiError, asApiError } from "../api/http";
import { backoffMs } from "./backoff";
import type { PictureSource } from "./capture";

const NO_PICTURE_RETRY_MS = 1000;

export interface PumpOptions<R extends { next_frame_ms: number }> {
  source: PictureSource;
  post: (picture: Blob) => Promise<R>;
  /** Return false to stop. */
  onReply: (reply: R) => boolean;
  /** The server or the network could not take the picture: shown as a technical problem, never as a fault. */
  onTrouble: (error: ApiError) => void;
  /** The server will take no more pictures from this page. */
  onRefused: (error: ApiError) => void;
  onNoPicture?: () => void;
  random?: () => number;
}

/** Posts pictures one at a time, at the pace the server asks for, for as long as it lasts. */
export class FramePump<R extends { next_frame_ms: number }> {
  private running = false;
  private round = 0;
  private failures = 0;

  constructor(private readonly options: PumpOptions<R>) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    void this.run(++this.round);
  }

  stop(): void {
    this.running = false;
  }

  private async run(round: number): Promise<void> {
    let waitMs = 0;
    while (this.running && round === this.round) {
      const dueAt = performance.now() + waitMs;
      const picture = await this.options.source.take(waitMs);
      if (!this.running || round !== this.round) return;
      waitMs = picture ? await this.send(picture, Math.min(dueAt, performance.now())) : this.nothingToSend();
    }
  }

  private nothingToSend(): number {
    this.options.onNoPicture?.();
    return NO_PICTURE_RETRY_MS;
  }

  private async send(picture: Blob, dueAt: number): Promise<number> {
    try {
      const reply = await this.options.post(picture);
      this.failures = 0;
      if (this.running && !this.options.onReply(reply)) this.running = false;
      // The pace counts from when this picture was due: neither the camera's time nor the one on the way
      // is added, or a camera's own rhythm would become that of the exam.
      const due = reply.next_frame_ms - (performance.now() - dueAt);
      return Math.max(due, 100);
    } catch (error) {
      return this.recover(asApiError(error));
    }
  }

  private recover(error: ApiError): number {
    const badPicture = error.status === 413 || error.status === 415 || error.status === 422;
    if (!error.transient && !badPicture) {
      this.running = false;
      this.options.onRefused(error);
      return 0;
    }
    if (this.running) this.options.onTrouble(error);
    const wait = backoffMs(this.failures++, this.options.random ?? Math.random, 500, 10_000);
    return Math.min(Math.max(wait, error.retryAfterMs ?? 0), 30_000);
  }
}
