import type { Cancel, Clock } from "./clock";
import { randomId } from "./ids";
import { PeerLink } from "./peer";
import { type Hello, type Peer, type Quality, rtcConfig, type Signal } from "./protocol";
import { Store } from "./store";

const ORPHAN_MS = 15_000;
const ADOPT_MS = 400;
const RESTART_MS = 5_000;

const ENCODING: Record<Quality, Partial<RTCRtpEncodingParameters>> = {
  thumb: { scaleResolutionDownBy: 2, maxFramerate: 10, maxBitrate: 150_000 },
  focus: { scaleResolutionDownBy: 1, maxFramerate: 15, maxBitrate: 900_000 },
};

interface Outlet {
  peer: string;
  link: PeerLink;
  quality: Quality;
  present: boolean;
  cancelMending: Cancel;
  cancelParting: Cancel;
  tuning: Promise<void>;
}

const idle = { cancelMending: () => {}, cancelParting: () => {} };

export interface PublisherOptions {
  epoch: string;
  clock: Clock;
  send: (to: string, signal: Signal) => void;
  make?: (config: RTCConfiguration) => RTCPeerConnection;
}

/** The candidate's side: one connection for each proctor page, all fed from the same camera and microphone. */
export class Publisher {
  /** What the proctor lets the candidate see and hear; null while nobody speaks. */
  readonly incoming = new Store<MediaStream | null>(null);
  private outlets = new Map<string, Outlet>();
  private pending = new Map<string, Cancel>();
  private tracks: MediaStreamTrack[] = [];
  private readonly stream = new MediaStream();
  private config: RTCConfiguration = {};

  constructor(private readonly options: PublisherOptions) {}

  /** Publish these tracks from now on; a replaced camera keeps its connections. */
  setTracks(tracks: MediaStreamTrack[]): void {
    this.tracks = tracks;
    for (const old of this.stream.getTracks()) this.stream.removeTrack(old);
    for (const track of tracks) this.stream.addTrack(track);
    for (const outlet of this.outlets.values()) this.attach(outlet);
  }

  greet(hello: Hello): void {
    this.config = rtcConfig(hello);
    const present = new Set(hello.peers.map(({ peer }) => peer));
    for (const outlet of this.outlets.values()) {
      if (present.has(outlet.peer)) outlet.link.resume();
      else this.orphan(outlet);
    }
    for (const peer of hello.peers) this.joined(peer);
  }

  joined({ peer, role }: Peer): void {
    if (role !== "proctor" || this.outlets.has(peer) || this.pending.has(peer)) return;
    const orphans = [...this.outlets.values()].some(({ present }) => !present);
    if (!orphans) this.open(peer);
    // A proctor page that only lost its socket names its running link within a moment.
    else
      this.pending.set(
        peer,
        this.options.clock.after(ADOPT_MS, () => this.open(peer)),
      );
  }

  left(peer: string): void {
    this.pending.get(peer)?.();
    this.pending.delete(peer);
    const outlet = this.outlets.get(peer);
    if (outlet) this.orphan(outlet);
  }

  receive(from: string, signal: Signal): void {
    const outlet = this.adopt(from, signal.link) ?? this.outlets.get(from);
    if (!outlet) {
      if (signal.want) this.open(from, signal.want);
      return;
    }
    if (signal.bye) this.discard(outlet);
    else if (signal.want) this.setQuality(outlet, signal.want);
    else if (signal.link === outlet.link.id) void outlet.link.receive(signal);
  }

  /** The network changed: whatever does not flow is negotiated again at once. */
  networkChanged(): void {
    for (const { link } of this.outlets.values()) if (link.state !== "live") link.restart();
  }

  close(): void {
    for (const cancel of this.pending.values()) cancel();
    this.pending.clear();
    for (const outlet of [...this.outlets.values()]) {
      this.options.send(outlet.peer, { epoch: this.options.epoch, link: outlet.link.id, bye: true });
      this.discard(outlet);
    }
  }

  private adopt(from: string, linkId: string | undefined): Outlet | null {
    if (!linkId) return null;
    const outlet = [...this.outlets.values()].find(({ link }) => link.id === linkId);
    if (!outlet || outlet.peer === from) return outlet ?? null;
    this.pending.get(from)?.();
    this.pending.delete(from);
    const younger = this.outlets.get(from);
    if (younger) this.discard(younger);
    this.outlets.delete(outlet.peer);
    outlet.peer = from;
    outlet.present = true;
    outlet.cancelParting();
    this.outlets.set(from, outlet);
    outlet.link.resume();
    return outlet;
  }

  private open(peer: string, quality: Quality = "thumb"): void {
    this.pending.get(peer)?.();
    this.pending.delete(peer);
    const link = this.makeLink(() => outlet);
    const tuning = Promise.resolve();
    const outlet: Outlet = { peer, quality, present: true, tuning, link, ...idle };
    this.outlets.set(peer, outlet);
    this.attach(outlet);
  }

  private makeLink(owner: () => Outlet): PeerLink {
    const link: PeerLink = new PeerLink({
      id: randomId(),
      epoch: this.options.epoch,
      polite: false,
      config: this.config,
      make: this.options.make,
      send: (signal) => this.options.send(owner().peer, signal),
      onTracks: () => this.refreshIncoming(),
      onState: (state) => {
        if (state === "live") this.applyQuality(owner());
        if (state === "broken") this.mend(owner());
      },
    });
    return link;
  }

  /** A short silence heals by itself; a longer or final one gets new routes until the picture flows. */
  private mend(outlet: Outlet): void {
    if (outlet.link.rtc.connectionState === "failed") outlet.link.restart();
    this.restartLater(outlet);
  }

  private restartLater(outlet: Outlet): void {
    outlet.cancelMending();
    outlet.cancelMending = this.options.clock.after(RESTART_MS, () => {
      if (outlet.link.state !== "broken") return;
      outlet.link.restart();
      this.restartLater(outlet);
    });
  }

  private attach(outlet: Outlet): void {
    const { rtc } = outlet.link;
    for (const kind of ["video", "audio"]) {
      const track = this.tracks.find((each) => each.kind === kind) ?? null;
      const known = rtc.getTransceivers().find(({ receiver }) => receiver.track.kind === kind);
      if (known) void known.sender.replaceTrack(track).catch(() => {});
      else if (track) rtc.addTrack(track, this.stream);
      // Silence looks like sound that nobody makes: without a microphone none is offered.
      if (known && kind === "audio") known.direction = track ? "sendrecv" : "recvonly";
    }
    this.applyQuality(outlet);
  }

  private setQuality(outlet: Outlet, quality: Quality): void {
    if (outlet.quality === quality) return;
    outlet.quality = quality;
    this.applyQuality(outlet);
  }

  /** One change at a time: a second one while the first is under way would be refused and lost. */
  private applyQuality(outlet: Outlet): void {
    outlet.tuning = outlet.tuning.then(() => tune(outlet)).catch(() => {});
  }

  private orphan(outlet: Outlet): void {
    outlet.present = false;
    outlet.cancelParting();
    outlet.cancelParting = this.options.clock.after(ORPHAN_MS, () => this.discard(outlet));
  }

  private discard(outlet: Outlet): void {
    outlet.cancelMending();
    outlet.cancelParting();
    outlet.link.close();
    if (this.outlets.get(outlet.peer) === outlet) this.outlets.delete(outlet.peer);
    this.refreshIncoming();
  }

  private refreshIncoming(): void {
    const tracks = [...this.outlets.values()]
      .filter(({ link }) => link.state !== "closed")
      .flatMap(({ link }) => link.rtc.getTransceivers())
      .filter(({ currentDirection }) => currentDirection === "sendrecv" || currentDirection === "recvonly")
      .map(({ receiver }) => receiver.track);
    const shown = this.incoming.get()?.getTracks() ?? [];
    const same = tracks.length === shown.length && tracks.every((track) => shown.includes(track));
    if (!same) this.incoming.set(tracks.length > 0 ? new MediaStream(tracks) : null);
  }
}

async function tune({ link, quality }: Outlet): Promise<void> {
  const sender = link.rtc.getSenders().find(({ track }) => track?.kind === "video");
  const parameters = sender?.getParameters();
  const encoding = parameters?.encodings?.[0];
  if (!sender || !parameters || !encoding) return;
  Object.assign(encoding, ENCODING[quality]);
  await sender.setParameters(parameters);
}
