import { DisconnectReason, Room, RoomEvent, type RoomOptions, setLogLevel } from "livekit-client";
import { asApiError } from "../api/http";
import type { MediaGrant } from "../api/types";
import { backoffMs } from "./backoff";
import type { Cancel, Clock } from "./clock";

const FINAL = [401, 403, 404, 409, 410];
const OWN_TRIES_MS = 12_000;
const CONNECT_MS = 8_000;

const AWAY = "The live-video server cannot be reached. We try again by ourselves.";
const CUT = "The connection to the live-video server is interrupted. We are connecting again by ourselves.";

// Its log would name addresses and identities.
setLogLevel("silent");

export interface RoomLinkOptions {
  clock: Clock;
  grant: () => Promise<MediaGrant>;
  room: RoomOptions;
  /** A new room, before it is connected: the place for handlers. */
  onRoom: (room: Room) => void;
  /** The room is connected, for the first time or again. */
  onLive: (room: Room) => void;
  /** Media does not flow, with the reason in words; it may come back by itself. */
  onDown: (words: string) => void;
}

/**
 * Keeps one page in its room. LiveKit's own client mends short cuts; after that a fresh grant and a
 * new room are tried until it works, the server refuses us, or nobody wants it any more.
 */
export class RoomLink {
  private room: Room | null = null;
  private wanted = false;
  private refused = false;
  /** Between two tries, or given up after a refusal. */
  private resting = false;
  private attempt = 0;
  private round = 0;
  private cancel: Cancel = () => {};

  constructor(private readonly options: RoomLinkOptions) {}

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    this.refused = false;
    this.attempt = 0;
    void this.connect();
  }

  stop(): void {
    this.wanted = false;
    this.round++;
    this.cancel();
    this.leave();
  }

  /** There is reason to believe that it works now. */
  hurry(): void {
    if (!this.wanted || !this.resting) return;
    this.refused = false;
    this.attempt = 0;
    void this.connect();
  }

  private async connect(): Promise<void> {
    const round = ++this.round;
    this.resting = false;
    this.cancel();
    let grant: MediaGrant;
    try {
      grant = await this.options.grant();
    } catch (reason) {
      const { status, message, retryAfterMs } = asApiError(reason);
      if (round !== this.round) return;
      this.refused = FINAL.includes(status);
      this.failed(status === 0 ? AWAY : message, retryAfterMs ?? 0);
      return;
    }
    if (round !== this.round || !grant.url || !grant.token) return;
    await this.enter(round, grant.url, grant.token);
  }

  private async enter(round: number, url: string, token: string): Promise<void> {
    const room = new Room({ ...this.options.room, reconnectPolicy: { nextRetryDelayInMs } });
    this.room = room;
    this.options.onRoom(room);
    room
      .on(RoomEvent.Reconnecting, () => this.options.onDown(CUT))
      .on(RoomEvent.Reconnected, () => this.options.onLive(room))
      .on(RoomEvent.Disconnected, (reason) => this.gone(round, reason));
    try {
      const patience = { websocketTimeout: CONNECT_MS, peerConnectionTimeout: CONNECT_MS, maxRetries: 0 };
      await room.connect(url, token, patience);
    } catch {
      this.gone(round);
      return;
    }
    if (round !== this.round) {
      void room.disconnect(false);
      return;
    }
    this.attempt = 0;
    this.options.onLive(room);
  }

  private gone(round: number, reason?: DisconnectReason): void {
    if (round !== this.round) return;
    this.round++;
    // The newest page of a candidate is the one in the room: this one does not fight for it.
    this.refused = reason === DisconnectReason.DUPLICATE_IDENTITY;
    this.leave();
    this.failed(AWAY, 0);
  }

  private failed(words: string, atLeastMs: number): void {
    this.resting = true;
    this.options.onDown(words);
    if (!this.wanted || this.refused) return;
    const wait = Math.max(backoffMs(this.attempt++, Math.random, 500, 4000), Math.min(atLeastMs, 30_000));
    this.cancel = this.options.clock.after(wait, () => void this.connect());
  }

  private leave(): void {
    const room = this.room;
    this.room = null;
    if (!room) return;
    room.removeAllListeners();
    void room.disconnect(false).catch(() => {});
  }
}

/** After this long a fresh grant and a new room are the better try. */
function nextRetryDelayInMs({ retryCount, elapsedMs }: { retryCount: number; elapsedMs: number }) {
  return elapsedMs > OWN_TRIES_MS ? null : Math.min(300 * 2 ** retryCount, 3000);
}
