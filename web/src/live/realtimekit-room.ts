import { ApiError } from "../api/http";
import type { MediaGrant } from "../api/types";
import { backoffMs } from "./backoff";
import type { Cancel, Clock } from "./clock";

/** The part of the vendor's client that we use; tests bring their own. */
export interface RtkPerson {
  id: string;
  customParticipantId?: string;
  videoTrack?: MediaStreamTrack;
  audioTrack?: MediaStreamTrack;
  videoEnabled: boolean;
  audioEnabled: boolean;
  on(event: "videoUpdate" | "audioUpdate", listener: () => void): unknown;
}

export interface RtkClient {
  join(): Promise<void>;
  leave(): Promise<void>;
  self: {
    enableVideo(track?: MediaStreamTrack): Promise<void>;
    enableAudio(track?: MediaStreamTrack): Promise<void>;
    disableVideo(): Promise<void> | void;
    disableAudio(): Promise<void> | void;
    on(event: "roomLeft", listener: () => void): unknown;
  };
  participants: {
    joined: {
      toArray(): RtkPerson[];
      on(event: "participantJoined" | "participantLeft", listener: (who: RtkPerson) => void): unknown;
    };
  };
}

export interface RtkOptions {
  authToken: string;
  baseURI?: string;
  defaults: { audio: boolean; video: boolean };
  modules: Record<string, boolean>;
}

export type RtkInit = (options: RtkOptions) => Promise<RtkClient>;

export type RoomState = "connecting" | "live" | "broken";

const MAX_BACKOFF_MS = 15_000;

/** Of all that the vendor offers we use the pictures and the sound. */
const NOTHING_ELSE = { chat: false, poll: false, plugin: false, recording: false, livestream: false };

export interface RoomOptions {
  clock: Clock;
  grant: () => Promise<MediaGrant>;
  init: RtkInit;
  onJoined: (client: RtkClient) => void;
  onState: (state: RoomState) => void;
  /** How asking for a pass went: null for well, words for not. */
  onTrouble?: (words: string | null) => void;
}

/** Keeps one meeting joined: a new pass and a new client whenever it is lost, with growing pauses. */
export class RtkRoom {
  client: RtkClient | null = null;
  private wanted = false;
  private round = 0;
  private attempt = 0;
  private cancelRetry: Cancel = () => {};

  constructor(private readonly options: RoomOptions) {}

  start(delayMs = 0): void {
    if (this.wanted) return;
    this.wanted = true;
    this.cancelRetry = this.options.clock.after(delayMs, () => void this.enter());
  }

  stop(): void {
    this.wanted = false;
    this.round += 1;
    this.attempt = 0;
    this.cancelRetry();
    this.drop();
  }

  /** Do not wait for the next try. */
  hurry(): void {
    if (!this.wanted || this.client) return;
    this.cancelRetry();
    void this.enter();
  }

  private async enter(): Promise<void> {
    this.round += 1;
    const round = this.round;
    this.options.onState("connecting");
    try {
      const client = await this.open();
      if (round !== this.round) return void client.leave().catch(() => {});
      this.client = client;
      client.self.on("roomLeft", () => this.lost(round));
      await client.join();
      if (round !== this.round) return;
      this.attempt = 0;
      this.options.onState("live");
      this.options.onJoined(client);
    } catch (error) {
      this.failed(round, error);
    }
  }

  private async open(): Promise<RtkClient> {
    const grant = await this.options.grant();
    this.options.onTrouble?.(null);
    const base = grant.options.base_uri;
    return this.options.init({
      authToken: grant.token ?? "",
      defaults: { audio: false, video: false },
      modules: NOTHING_ELSE,
      ...(base ? { baseURI: base } : {}),
    });
  }

  private failed(round: number, error: unknown): void {
    if (round !== this.round) return;
    if (error instanceof ApiError) {
      this.options.onTrouble?.(error.transient ? error.message : null);
      // Our own server says that this page has no place there any more.
      if (!error.transient) this.wanted = false;
    }
    this.lost(round);
  }

  private lost(round: number): void {
    if (round !== this.round) return;
    this.round += 1;
    this.drop();
    this.options.onState("broken");
    if (!this.wanted) return;
    const pause = backoffMs(this.attempt, Math.random, 1000, MAX_BACKOFF_MS);
    this.attempt += 1;
    this.cancelRetry = this.options.clock.after(pause, () => void this.enter());
  }

  private drop(): void {
    const client = this.client;
    this.client = null;
    void client?.leave().catch(() => {});
  }
}
