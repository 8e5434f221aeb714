import type { Signal } from "./protocol";

export type LinkState = "connecting" | "live" | "broken" | "closed";

export interface PeerLinkOptions {
  id: string;
  epoch: string;
  /** The polite side gives way when both sides make an offer at the same moment. */
  polite: boolean;
  config: RTCConfiguration;
  send: (signal: Signal) => void;
  onTracks?: (tracks: MediaStreamTrack[]) => void;
  onState?: (state: LinkState) => void;
  make?: (config: RTCConfiguration) => RTCPeerConnection;
}

/** One peer connection with perfect negotiation: either side may change its tracks at any time. */
export class PeerLink {
  readonly rtc: RTCPeerConnection;
  state: LinkState = "connecting";
  private makingOffer = false;
  private ignoringOffer = false;
  private early: RTCIceCandidateInit[] = [];
  private queue: Promise<void> = Promise.resolve();
  private tracks: MediaStreamTrack[] = [];

  constructor(private readonly options: PeerLinkOptions) {
    this.rtc = options.make ? options.make(options.config) : new RTCPeerConnection(options.config);
    this.rtc.onnegotiationneeded = () => void this.offer();
    this.rtc.onicecandidate = ({ candidate }) => this.say({ candidate: candidate?.toJSON() ?? null });
    this.rtc.onconnectionstatechange = () => this.stateChanged();
    this.rtc.onsignalingstatechange = () => this.tracksChanged();
    this.rtc.ontrack = () => this.tracksChanged();
  }

  get id(): string {
    return this.options.id;
  }

  /** Signals of one link are worked off strictly one after the other. */
  receive(signal: Signal): Promise<void> {
    this.queue = this.queue.then(() => this.handle(signal)).catch(() => {});
    return this.queue;
  }

  /** Signalling is back. What was sent meanwhile is lost; a picture that still flows is left alone. */
  resume(): void {
    if (!this.repeatOffer() && this.rtc.connectionState !== "connected") this.restart();
  }

  /** Ask again what nobody has answered: until then nothing else can be agreed on. Says whether there was such a thing. */
  repeatOffer(): boolean {
    const open = this.state !== "closed" && this.rtc.signalingState === "have-local-offer";
    if (!open || !this.rtc.localDescription) return false;
    this.say({ description: this.rtc.localDescription.toJSON() });
    return true;
  }

  restart(): void {
    if (this.state !== "closed") this.rtc.restartIce();
  }

  close(): void {
    if (this.state === "closed") return;
    this.rtc.onnegotiationneeded = null;
    this.rtc.onicecandidate = null;
    this.rtc.onconnectionstatechange = null;
    this.rtc.onsignalingstatechange = null;
    this.rtc.ontrack = null;
    this.rtc.close();
    this.setState("closed");
  }

  private say(part: Omit<Signal, "epoch" | "link">): void {
    this.options.send({ epoch: this.options.epoch, link: this.options.id, ...part });
  }

  private async offer(): Promise<void> {
    try {
      this.makingOffer = true;
      await this.rtc.setLocalDescription();
      if (this.rtc.localDescription) this.say({ description: this.rtc.localDescription.toJSON() });
    } catch {
      // A closing connection or a state that moved on: the next negotiation settles it.
    } finally {
      this.makingOffer = false;
    }
  }

  private async handle(signal: Signal): Promise<void> {
    if (this.state === "closed") return;
    if (signal.description) await this.describe(signal.description);
    else if (signal.candidate) await this.addCandidate(signal.candidate);
    else if (signal.restart) this.restart();
  }

  private async describe(description: RTCSessionDescriptionInit): Promise<void> {
    const collision =
      description.type === "offer" && (this.makingOffer || this.rtc.signalingState !== "stable");
    this.ignoringOffer = collision && !this.options.polite;
    if (this.ignoringOffer) return;
    if (description.type === "answer" && this.rtc.signalingState !== "have-local-offer") return;
    await this.rtc.setRemoteDescription(description);
    const early = this.early;
    this.early = [];
    for (const candidate of early) await this.addCandidate(candidate);
    if (description.type !== "offer") return;
    await this.rtc.setLocalDescription();
    if (this.rtc.localDescription) this.say({ description: this.rtc.localDescription.toJSON() });
  }

  private async addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.rtc.remoteDescription) {
      if (!this.ignoringOffer) this.early.push(candidate);
      return;
    }
    await this.rtc.addIceCandidate(candidate).catch((error: unknown) => {
      if (!this.ignoringOffer) throw error;
    });
  }

  private stateChanged(): void {
    const state = this.rtc.connectionState;
    if (state === "connected") this.setState("live");
    else if (state === "failed" || state === "disconnected") this.setState("broken");
    else if (state === "connecting" && this.state !== "live") this.setState("connecting");
  }

  private setState(state: LinkState): void {
    if (state === this.state) return;
    this.state = state;
    this.options.onState?.(state);
  }

  private tracksChanged(): void {
    if (this.rtc.signalingState !== "stable") return;
    const incoming = this.rtc
      .getTransceivers()
      .filter(({ currentDirection }) => currentDirection === "sendrecv" || currentDirection === "recvonly")
      .map(({ receiver }) => receiver.track);
    const same = incoming.length === this.tracks.length && incoming.every((t, i) => t === this.tracks[i]);
    if (same) return;
    this.tracks = incoming;
    this.options.onTracks?.(incoming);
  }
}
