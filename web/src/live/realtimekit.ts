import RealtimeKitClient from "@cloudflare/realtimekit";
import type { Cancel } from "./clock";
import type { Carrier, LiveView, MediaContext, MediaMessage, SendingMedia, WatchingMedia } from "./media";
import { type RtkClient, type RtkInit, type RtkPerson, RtkRoom } from "./realtimekit-room";
import { Store } from "./store";

/** Clients of one console start one after another: each of them loads the processor for a moment. */
const STAGGER_MS = 300;
/** Somebody whose page only reconnects keeps the meeting; an empty one costs money. */
const PARTING_MS = 60_000;

const init: RtkInit = (options) => RealtimeKitClient.init(options) as unknown as Promise<RtkClient>;

/** The candidate's own camera and microphone in the candidate's own meeting. */
export class RtkSending implements SendingMedia {
  /** Proctors only watch here. */
  readonly incoming = new Store<MediaStream | null>(null);
  private readonly room: RtkRoom;
  private greeted = false;
  private tracks: MediaStreamTrack[] = [];
  private sent = new Map<string, { from: MediaStreamTrack; copy: MediaStreamTrack }>();
  private work: Promise<void> = Promise.resolve();

  constructor(context: MediaContext, make: RtkInit = init) {
    this.room = new RtkRoom({
      clock: context.clock,
      grant: () => context.grant(),
      init: make,
      onState: () => this.forget(),
      onJoined: () => this.publish(),
    });
  }

  heard(message: MediaMessage): void {
    if (message.type !== "hello") return;
    this.greeted = true;
    this.join();
  }

  setTracks(tracks: MediaStreamTrack[]): void {
    this.tracks = tracks;
    this.join();
    this.publish();
  }

  networkChanged(): void {
    this.room.hurry();
  }

  close(): void {
    this.tracks = [];
    this.room.stop();
    this.forget();
  }

  private join(): void {
    if (this.greeted && this.tracks.length > 0) this.room.start();
  }

  /** The vendor ignores a call while another one is under way. */
  private publish(): void {
    this.work = this.work.then(() => this.send("video")).then(() => this.send("audio"));
    this.work = this.work.catch(() => {});
  }

  private async send(kind: "video" | "audio"): Promise<void> {
    const self = this.room.client?.self;
    const track = this.tracks.find((each) => each.kind === kind);
    if (!self || this.sent.get(kind)?.from === track) return;
    this.sent.get(kind)?.copy.stop();
    this.sent.delete(kind);
    if (!track) return void (kind === "video" ? await self.disableVideo() : await self.disableAudio());
    // A copy: the vendor stops what it was given, and our own pictures come from the same camera.
    const copy = track.clone();
    this.sent.set(kind, { from: track, copy });
    await (kind === "video" ? self.enableVideo(copy) : self.enableAudio(copy));
  }

  private forget(): void {
    for (const { copy } of this.sent.values()) copy.stop();
    this.sent.clear();
  }
}

interface Seat {
  room: RtkRoom;
  stopParting: Cancel;
}

/** One client for each candidate, as each candidate has a meeting of their own. */
export class RtkWatching implements WatchingMedia {
  readonly views = new Store<ReadonlyMap<string, LiveView>>(new Map());
  readonly talkingTo = new Store<string | null>(null);
  readonly talkLost = new Store<string | null>(null);
  readonly trouble = new Store<string | null>(null);
  private seats = new Map<string, Seat>();
  private owners = new Map<string, string>();

  constructor(
    private readonly context: MediaContext,
    private readonly make: RtkInit = init,
  ) {}

  heard(message: MediaMessage): void {
    if (message.type === "hello") {
      this.owners.clear();
      const here = message.peers.filter(({ role }) => role === "candidate");
      for (const [place, { peer, candidate_id }] of here.entries())
        this.joined(peer, candidate_id, place * STAGGER_MS);
      const present = new Set(this.owners.values());
      for (const id of this.seats.keys()) if (!present.has(id)) this.part(id);
    } else if (message.type === "peer_joined" && message.role === "candidate") {
      this.joined(message.peer, message.candidate_id, 0);
    } else if (message.type === "peer_left") {
      const id = this.owners.get(message.peer);
      this.owners.delete(message.peer);
      if (id !== undefined && ![...this.owners.values()].includes(id)) this.part(id);
    }
  }

  /** The service itself chooses the picture's size. */
  focus(): void {}

  startTalk(): boolean {
    return false;
  }

  stopTalk(): void {}
  loseTalk(): void {}

  networkChanged(): void {
    for (const { room } of this.seats.values()) room.hurry();
  }

  close(): void {
    for (const id of [...this.seats.keys()]) this.leave(id);
    this.owners.clear();
  }

  private joined(peer: string, candidateId: string | null, delayMs: number): void {
    if (!candidateId) return;
    this.owners.set(peer, candidateId);
    const known = this.seats.get(candidateId);
    known?.stopParting();
    if (known) {
      known.room.hurry();
      return;
    }
    const room = new RtkRoom({
      clock: this.context.clock,
      grant: () => this.context.grant(candidateId),
      init: this.make,
      onState: (state) =>
        this.show(candidateId, { stream: null, state: state === "live" ? "connecting" : state }),
      onJoined: (client) => this.watch(candidateId, client),
      onTrouble: (words) => this.trouble.set(words),
    });
    this.seats.set(candidateId, { room, stopParting: () => {} });
    this.show(candidateId, { stream: null, state: "connecting" });
    room.start(delayMs);
  }

  private watch(candidateId: string, client: RtkClient): void {
    const { joined } = client.participants;
    const follow = (who: RtkPerson) => {
      if (who.customParticipantId !== candidateId) return;
      const refresh = () => this.picture(candidateId, client, who);
      who.on("videoUpdate", refresh);
      who.on("audioUpdate", refresh);
      refresh();
    };
    joined.on("participantJoined", follow);
    joined.on("participantLeft", (who) => {
      const gone = who.customParticipantId === candidateId && this.isCurrent(candidateId, client);
      if (gone) this.show(candidateId, { stream: null, state: "broken" });
    });
    for (const who of joined.toArray()) follow(who);
  }

  private picture(candidateId: string, client: RtkClient, who: RtkPerson): void {
    if (!this.isCurrent(candidateId, client)) return;
    const video = who.videoEnabled ? who.videoTrack : undefined;
    const audio = who.audioEnabled ? who.audioTrack : undefined;
    const tracks = [video, audio].filter((track) => track !== undefined);
    this.show(candidateId, {
      stream: tracks.length > 0 ? new MediaStream(tracks) : null,
      state: video ? "live" : "broken",
    });
  }

  private isCurrent(candidateId: string, client: RtkClient): boolean {
    return this.seats.get(candidateId)?.room.client === client;
  }

  private part(candidateId: string): void {
    const seat = this.seats.get(candidateId);
    if (!seat) return;
    seat.stopParting();
    seat.stopParting = this.context.clock.after(PARTING_MS, () => this.leave(candidateId));
  }

  private leave(candidateId: string): void {
    const seat = this.seats.get(candidateId);
    if (!seat) return;
    seat.stopParting();
    this.seats.delete(candidateId);
    seat.room.stop();
    this.show(candidateId, { stream: null, state: "connecting" });
  }

  private show(candidateId: string, view: LiveView): void {
    this.views.set(new Map(this.views.get()).set(candidateId, view));
  }
}

export const realtimekit: Carrier = {
  sending: (context) => new RtkSending(context),
  watching: (context) => new RtkWatching(context),
};
