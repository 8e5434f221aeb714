import { builtin } from "./builtin";
import type { Carrier, LiveView, MediaContext, MediaMessage, SendingMedia, WatchingMedia } from "./media";
import { Store } from "./store";

const RELOAD_MS = 5000;

/** Vendors' code is loaded only by pages of sessions that need it. */
async function load(provider: string): Promise<Carrier> {
  switch (provider) {
    case "livekit":
      return (await import("./livekit")).livekit;
    case "realtimekit":
      return (await import("./realtimekit")).realtimekit;
    default:
      throw new Error(`this page does not know ${provider}`);
  }
}

interface Closable {
  heard(message: MediaMessage): void;
  close(): void;
}

/** Chooses who carries live video when the server's hello says so; what comes earlier waits. */
abstract class Switch<C extends Closable> {
  protected carrier: C | null = null;
  private provider: string | null = null;
  private early: MediaMessage[] = [];

  constructor(
    protected readonly context: MediaContext,
    private readonly loadCarrier: (provider: string) => Promise<Carrier> = load,
  ) {}

  heard(message: MediaMessage): void {
    if (message.type === "hello") this.choose(message.provider ?? "builtin");
    if (this.carrier) this.carrier.heard(message);
    else this.remember(message);
  }

  protected abstract make(carrier: Carrier): C;
  protected abstract begin(carrier: C): void;
  /** The provider's code could not be loaded; it is tried again. */
  protected abstract missing(): void;

  private choose(provider: string): void {
    if (provider === this.provider) return;
    this.carrier?.close();
    this.carrier = null;
    this.early = [];
    this.provider = provider;
    if (provider === "builtin") this.use(builtin);
    else void this.fetch(provider);
  }

  private async fetch(provider: string): Promise<void> {
    try {
      const carrier = await this.loadCarrier(provider);
      if (provider === this.provider && !this.carrier) this.use(carrier);
    } catch {
      if (provider !== this.provider) return;
      this.missing();
      this.context.clock.after(RELOAD_MS, () => void this.fetch(provider));
    }
  }

  private use(carrier: Carrier): void {
    const made = this.make(carrier);
    this.carrier = made;
    this.begin(made);
    const early = this.early;
    this.early = [];
    for (const message of early) made.heard(message);
  }

  /** A hello says it all again, so that only what came after the newest one counts. */
  private remember(message: MediaMessage): void {
    if (message.type === "hello") this.early = [];
    this.early.push(message);
  }
}

/** The candidate's side, whoever carries it. */
export class Sending extends Switch<SendingMedia> implements SendingMedia {
  readonly incoming = new Store<MediaStream | null>(null);
  private tracks: MediaStreamTrack[] = [];

  setTracks(tracks: MediaStreamTrack[]): void {
    this.tracks = tracks;
    this.carrier?.setTracks(tracks);
  }

  networkChanged(): void {
    this.carrier?.networkChanged();
  }

  close(): void {
    this.tracks = [];
    this.carrier?.close();
  }

  protected make(carrier: Carrier): SendingMedia {
    return carrier.sending(this.context);
  }

  protected begin(carrier: SendingMedia): void {
    mirror(carrier.incoming, this.incoming);
    carrier.setTracks(this.tracks);
  }

  protected missing(): void {}
}

/** The proctor's side, whoever carries it. */
export class Watching extends Switch<WatchingMedia> implements WatchingMedia {
  readonly views = new Store<ReadonlyMap<string, LiveView>>(new Map());
  readonly talkingTo = new Store<string | null>(null);
  readonly talkLost = new Store<string | null>(null);
  readonly trouble = new Store<string | null>(null);
  private focused: string | null = null;

  focus(candidateId: string | null): void {
    this.focused = candidateId;
    this.carrier?.focus(candidateId);
  }

  startTalk(candidateId: string, stream: MediaStream): boolean {
    return this.carrier?.startTalk(candidateId, stream) ?? false;
  }

  stopTalk(): void {
    this.carrier?.stopTalk();
  }

  loseTalk(): void {
    this.carrier?.loseTalk();
  }

  networkChanged(): void {
    this.carrier?.networkChanged();
  }

  close(): void {
    this.carrier?.close();
  }

  protected make(carrier: Carrier): WatchingMedia {
    return carrier.watching(this.context);
  }

  protected begin(carrier: WatchingMedia): void {
    mirror(carrier.views, this.views);
    mirror(carrier.talkingTo, this.talkingTo);
    mirror(carrier.talkLost, this.talkLost);
    mirror(carrier.trouble, this.trouble);
    carrier.focus(this.focused);
  }

  protected missing(): void {
    this.trouble.set("The part of this page for live video could not be loaded. We try again by ourselves.");
  }
}

function mirror<S>(from: Store<S>, to: Store<S>): void {
  to.set(from.get());
  from.subscribe(() => to.set(from.get()));
}
