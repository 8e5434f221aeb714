import type { Cancel, Clock } from "./clock";
import type { LiveView } from "./media";
import { PeerLink } from "./peer";
import { type Hello, type Peer, type Quality, rtcConfig, type Signal } from "./protocol";
import { type Measurable, StallWatch } from "./stall-watch";
import { Store } from "./store";
import { speakOver } from "./talk";

/** A connection that finds no way at all, as without a relay that lets it in, never fails by itself. */
const PATIENCE_MS = 15_000;

interface Entry {
  peer: string | null;
  link: PeerLink | null;
  view: LiveView;
  /** Connected, and yet no new picture for seconds. */
  stalled: boolean;
  stopWaiting: Cancel;
}

export interface ViewerOptions {
  epoch: string;
  clock: Clock;
  send: (to: string, signal: Signal) => void;
  make?: (config: RTCConfiguration) => RTCPeerConnection;
}

/** The proctor's side: one incoming picture for each candidate, and the way to speak to one of them. */
export class ViewerHub {
  readonly views = new Store<ReadonlyMap<string, LiveView>>(new Map());
  private entries = new Map<string, Entry>();
  private owners = new Map<string, string>();
  private config: RTCConfiguration = {};
  private focused: string | null = null;
  /** Whom the proctor speaks to at the moment. */
  readonly talkingTo = new Store<string | null>(null);
  /** Whom the proctor spoke to when the candidate went away. */
  readonly talkLost = new Store<string | null>(null);
  private talk: { candidateId: string; stream: MediaStream } | null = null;

  private readonly stalls: StallWatch;

  constructor(private readonly options: ViewerOptions) {
    this.stalls = new StallWatch(
      options.clock,
      () => this.pictures(),
      (candidateId, flows) => this.flows(candidateId, flows),
    );
  }

  greet(hello: Hello): void {
    this.config = rtcConfig(hello);
    this.stalls.start();
    this.owners.clear();
    for (const entry of this.entries.values()) entry.peer = null;
    for (const peer of hello.peers) this.joined(peer);
  }

  joined({ peer, role, candidate_id }: Peer): void {
    if (role !== "candidate" || !candidate_id) return;
    this.owners.set(peer, candidate_id);
    const entry = this.entry(candidate_id);
    entry.peer = peer;
    this.want(candidate_id);
    // Talk turned on or off while the candidate could not be told: new routes are the candidate's to look for.
    entry.link?.repeatOffer();
  }

  left(peer: string): void {
    const candidateId = this.owners.get(peer);
    this.owners.delete(peer);
    const entry = candidateId === undefined ? undefined : this.entries.get(candidateId);
    if (entry?.peer === peer) entry.peer = null;
    if (candidateId !== undefined && entry?.link?.state === "broken") this.drop(candidateId);
  }

  receive(from: string, signal: Signal): void {
    const candidateId = this.owners.get(from);
    if (candidateId === undefined) return;
    const entry = this.entry(candidateId);
    if (entry.peer !== from) return;
    if (signal.bye) {
      if (signal.link === entry.link?.id) this.drop(candidateId);
      return;
    }
    if (!signal.link) return;
    if (entry.link?.id !== signal.link) {
      if (signal.description?.type !== "offer") return;
      this.connect(candidateId, entry, signal.link);
    }
    void entry.link?.receive(signal);
  }

  /** Ask one candidate for the full picture and let all others send the small one. */
  focus(candidateId: string | null): void {
    const before = this.focused;
    if (before === candidateId) return;
    this.focused = candidateId;
    this.talkLost.set(null);
    if (this.talk && this.talk.candidateId !== candidateId) this.stopTalk();
    if (before) this.want(before);
    if (candidateId) this.want(candidateId);
  }

  startTalk(candidateId: string, stream: MediaStream): boolean {
    if (!this.entries.get(candidateId)?.link) return false;
    this.stopTalk();
    this.talkLost.set(null);
    this.talk = { candidateId, stream };
    this.talkingTo.set(candidateId);
    this.applyTalk(candidateId, stream);
    return true;
  }

  /** Also turns the proctor's own camera and microphone off. */
  stopTalk(): void {
    const talk = this.talk;
    this.talk = null;
    this.talkingTo.set(null);
    if (!talk) return;
    this.applyTalk(talk.candidateId, null);
    for (const track of talk.stream.getTracks()) track.stop();
  }

  /** Nobody hears the proctor any more: nothing of his or hers stays on, and it is said. */
  loseTalk(): void {
    const lost = this.talk?.candidateId;
    this.stopTalk();
    if (lost !== undefined) this.talkLost.set(lost);
  }

  networkChanged(): void {
    for (const entry of this.entries.values()) {
      if (entry.link && entry.link.state !== "live") this.askRestart(entry);
    }
  }

  close(): void {
    this.stalls.stop();
    this.stopTalk();
    for (const candidateId of [...this.entries.keys()]) this.drop(candidateId);
    this.entries.clear();
  }

  private entry(candidateId: string): Entry {
    let entry = this.entries.get(candidateId);
    if (!entry) {
      entry = {
        peer: null,
        link: null,
        view: { stream: null, state: "connecting" },
        stalled: false,
        stopWaiting: () => {},
      };
      this.entries.set(candidateId, entry);
    }
    return entry;
  }

  private want(candidateId: string): void {
    const entry = this.entries.get(candidateId);
    if (!entry?.peer) return;
    const want: Quality = candidateId === this.focused ? "focus" : "thumb";
    this.options.send(entry.peer, { epoch: this.options.epoch, link: entry.link?.id, want });
  }

  private connect(candidateId: string, entry: Entry, linkId: string): void {
    entry.link?.close();
    entry.stalled = false;
    entry.link = new PeerLink({
      id: linkId,
      epoch: this.options.epoch,
      polite: true,
      config: this.config,
      make: this.options.make,
      send: (signal) => entry.peer && this.options.send(entry.peer, signal),
      onTracks: (tracks) =>
        this.show(candidateId, { stream: tracks.length ? new MediaStream(tracks) : null }),
      onState: (state) => {
        if (state === "closed") return;
        if (state === "broken" && entry.peer === null) return this.drop(candidateId);
        entry.stopWaiting();
        this.show(candidateId, { state });
        if (state === "connecting") this.expectPicture(candidateId, entry);
        if (state === "live") this.nowLive(candidateId);
        if (state === "broken" && entry.link?.rtc.connectionState === "failed") this.askRestart(entry);
      },
    });
    this.show(candidateId, { stream: null, state: "connecting" });
    this.expectPicture(candidateId, entry);
  }

  /** After a while say that there is no picture, and let the candidate's page look for a way again. */
  private expectPicture(candidateId: string, entry: Entry): void {
    entry.stopWaiting();
    entry.stopWaiting = this.options.clock.after(PATIENCE_MS, () => {
      if (!entry.link || entry.view.state === "live") return;
      this.show(candidateId, { state: "broken" });
      this.askRestart(entry);
      this.expectPicture(candidateId, entry);
    });
  }

  private nowLive(candidateId: string): void {
    this.want(candidateId);
    if (this.talk?.candidateId === candidateId) this.applyTalk(candidateId, this.talk.stream);
  }

  private askRestart(entry: Entry): void {
    if (!entry.peer || !entry.link) return;
    this.options.send(entry.peer, { epoch: this.options.epoch, link: entry.link.id, restart: true });
  }

  private applyTalk(candidateId: string, stream: MediaStream | null): void {
    const rtc = this.entries.get(candidateId)?.link?.rtc;
    if (rtc) speakOver(rtc, stream);
  }

  private pictures(): Map<string, Measurable> {
    const found = new Map<string, Measurable>();
    for (const [id, { link }] of this.entries)
      if (link?.state === "live") found.set(id, { getRTCStatsReport: () => link.rtc.getStats() });
    return found;
  }

  /** A connection can be fine while no picture comes: the camera is gone, or the page hangs. */
  private flows(candidateId: string, flows: boolean): void {
    const { link } = this.entry(candidateId);
    this.entry(candidateId).stalled = !flows;
    if (link?.state === "live") this.show(candidateId, { state: "live" });
  }

  private drop(candidateId: string): void {
    const entry = this.entries.get(candidateId);
    if (!entry) return;
    entry.stopWaiting();
    if (this.talk?.candidateId === candidateId) this.loseTalk();
    entry.link?.close();
    entry.link = null;
    this.show(candidateId, { stream: null, state: "connecting" });
  }

  private show(candidateId: string, part: Partial<LiveView>): void {
    const entry = this.entry(candidateId);
    entry.view = { ...entry.view, ...part };
    if (entry.stalled && entry.view.state === "live") entry.view.state = "broken";
    this.views.set(new Map(this.views.get()).set(candidateId, entry.view));
  }
}
