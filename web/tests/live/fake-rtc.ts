export class FakeTrack extends EventTarget {
  readyState = "live";
  muted = false;
  enabled = true;
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  constructor(readonly kind: "video" | "audio") {
    super();
  }
  readonly label = "Fake camera";
  getSettings() {
    return { deviceId: "fake-1" };
  }
  stop() {
    this.readyState = "ended";
  }
  clone() {
    return new FakeTrack(this.kind);
  }
}

export class FakeStream {
  constructor(private tracks: FakeTrack[] = []) {}
  getTracks = () => [...this.tracks];
  getVideoTracks = () => this.tracks.filter(({ kind }) => kind === "video");
  getAudioTracks = () => this.tracks.filter(({ kind }) => kind === "audio");
  addTrack = (track: FakeTrack) => void this.tracks.push(track);
  removeTrack = (track: FakeTrack) => {
    this.tracks = this.tracks.filter((each) => each !== track);
  };
}

class FakeSender {
  parameters = { encodings: [{}] as Record<string, unknown>[] };
  constructor(public track: FakeTrack | null) {}
  replaceTrack = async (track: FakeTrack | null) => {
    this.track = track;
  };
  setStreams = () => {};
  getParameters = () => structuredClone(this.parameters);
  setParameters = async (parameters: typeof this.parameters) => {
    this.parameters = parameters;
  };
}

interface FakeTransceiver {
  sender: FakeSender;
  receiver: { track: FakeTrack };
  direction: string;
  currentDirection: string | null;
}

/** Enough of a peer connection to test who offers, who yields and what is sent again; no network, no codecs. */
export class FakeRtc {
  signalingState = "stable";
  connectionState = "new";
  localDescription: { type: string; sdp: string; toJSON: () => object } | null = null;
  remoteDescription: object | null = null;
  restarts = 0;
  candidates: unknown[] = [];
  transceivers: FakeTransceiver[] = [];
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: null }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onsignalingstatechange: (() => void) | null = null;
  ontrack: (() => void) | null = null;
  frozen = false;
  private frames = 0;
  private count = 0;
  private needed = false;

  addTrack(track: FakeTrack) {
    this.addTransceiver(track.kind, { direction: "sendrecv" }, track);
  }
  addTransceiver(
    kind: "video" | "audio",
    { direction }: { direction: string },
    track: FakeTrack | null = null,
  ) {
    const receiver = { track: new FakeTrack(kind) };
    const need = () => this.need();
    let now = direction;
    const made: FakeTransceiver = {
      sender: new FakeSender(track),
      receiver,
      currentDirection: null,
      get direction() {
        return now;
      },
      set direction(next) {
        if (next !== now) need();
        now = next;
      },
    };
    this.transceivers.push(made);
    need();
    return made;
  }
  getTransceivers = () => this.transceivers;
  getSenders = () => this.transceivers.map(({ sender }) => sender);

  async setLocalDescription() {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    const sdp = `${type} ${++this.count}`;
    this.localDescription = { type, sdp, toJSON: () => ({ type, sdp }) };
    this.become(type === "offer" ? "have-local-offer" : "stable");
  }
  async setRemoteDescription(description: { type: string }) {
    this.remoteDescription = description;
    this.become(description.type === "offer" ? "have-remote-offer" : "stable");
  }
  async addIceCandidate(candidate: unknown) {
    this.candidates.push(candidate);
  }
  /** Pictures come with each look, until they are `frozen`. */
  async getStats() {
    if (!this.frozen) this.frames += 10;
    return new Map([["in", { type: "inbound-rtp", framesReceived: this.frames }]]);
  }
  restartIce() {
    this.restarts++;
  }
  close() {
    this.connectionState = "closed";
  }
  connect(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
  /** As in browsers: only said when no other negotiation is under way, and then once. */
  private need() {
    this.needed = true;
    queueMicrotask(() => {
      if (!this.needed || this.signalingState !== "stable") return;
      this.needed = false;
      this.onnegotiationneeded?.();
    });
  }
  private become(state: string) {
    this.signalingState = state;
    if (state === "stable" && this.needed) this.need();
    this.onsignalingstatechange?.();
  }
}
