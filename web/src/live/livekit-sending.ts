import {
  type LocalTrackPublication,
  type Room,
  Track,
  type TrackPublishOptions,
  VideoPreset,
} from "livekit-client";
import type { Cancel } from "./clock";
import { RoomLink } from "./livekit-room";
import type { MediaContext, MediaMessage, SendingMedia } from "./media";
import type { Peer } from "./protocol";
import { Store } from "./store";

/** A proctor's page that only lost its socket keeps its picture for this long. */
const PARTING_MS = 30_000;

const CAMERA: TrackPublishOptions = {
  source: Track.Source.Camera,
  videoCodec: "vp8",
  simulcast: true,
  videoEncoding: { maxBitrate: 900_000, maxFramerate: 15 },
  videoSimulcastLayers: [new VideoPreset(320, 240, 150_000, 10)],
};
const MICROPHONE: TrackPublishOptions = { source: Track.Source.Microphone, dtx: true, red: true };

/** The candidate's side: sends once to the server, which only hands it to proctors' pages. */
export class LivekitSending implements SendingMedia {
  /** Candidates receive nothing here; proctors write instead. */
  readonly incoming = new Store<MediaStream | null>(null);
  private readonly link: RoomLink;
  private room: Room | null = null;
  private tracks: MediaStreamTrack[] = [];
  private readonly viewers = new Map<string, { peers: Set<string>; cancelParting: Cancel }>();
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly context: MediaContext) {
    this.link = new RoomLink({
      clock: context.clock,
      grant: () => context.grant(),
      room: { stopLocalTrackOnUnpublish: false, dynacast: true },
      onRoom: () => {},
      onLive: (room) => this.entered(room),
      onDown: () => {},
    });
  }

  setTracks(tracks: MediaStreamTrack[]): void {
    this.tracks = tracks;
    if (tracks.length === 0) this.close();
    else {
      this.link.start();
      this.publish();
    }
  }

  heard(message: MediaMessage): void {
    if (message.type === "hello") {
      for (const viewer of this.viewers.values()) viewer.peers.clear();
      for (const peer of message.peers) this.joined(peer);
      for (const [name, { peers }] of this.viewers) if (peers.size === 0) this.partLater(name);
      this.link.hurry();
    } else if (message.type === "peer_joined") this.joined(message);
    else if (message.type === "peer_left") this.left(message.peer);
  }

  networkChanged(): void {
    this.link.hurry();
  }

  close(): void {
    this.room = null;
    this.link.stop();
  }

  private joined({ peer, viewer }: Peer): void {
    if (!viewer) return;
    const known = this.viewers.get(viewer);
    if (known) {
      known.cancelParting();
      known.peers.add(peer);
      return;
    }
    this.viewers.set(viewer, { peers: new Set([peer]), cancelParting: () => {} });
    this.allow();
  }

  private left(peer: string): void {
    for (const [name, { peers }] of this.viewers) {
      if (peers.delete(peer) && peers.size === 0) this.partLater(name);
    }
  }

  private partLater(name: string): void {
    const viewer = this.viewers.get(name);
    if (!viewer) return;
    viewer.cancelParting();
    viewer.cancelParting = this.context.clock.after(PARTING_MS, () => {
      this.viewers.delete(name);
      this.allow();
    });
  }

  private entered(room: Room): void {
    this.room = room;
    this.publish();
  }

  /** Nobody but these may take our tracks, whatever else the server would let them. */
  private allow(): void {
    const names = [...this.viewers.keys()];
    this.room?.localParticipant.setTrackSubscriptionPermissions(
      false,
      names.map((participantIdentity) => ({ participantIdentity, allowAll: true })),
    );
  }

  /** One change after the other: a second one meanwhile would be refused. */
  private publish(): void {
    this.work = this.work.then(() => this.synchronise()).catch(() => {});
  }

  private async synchronise(): Promise<void> {
    const { room } = this;
    if (!room) return;
    this.allow();
    await this.put(room, "video", Track.Source.Camera, CAMERA);
    await this.put(room, "audio", Track.Source.Microphone, MICROPHONE);
  }

  private async put(room: Room, kind: string, source: Track.Source, how: TrackPublishOptions): Promise<void> {
    const track = this.tracks.find((each) => each.kind === kind);
    const known: LocalTrackPublication | undefined = room.localParticipant.getTrackPublication(source);
    if (known?.track) {
      if (known.track.mediaStreamTrack === track) return;
      await room.localParticipant.unpublishTrack(known.track, false);
    }
    if (track?.readyState === "live") await room.localParticipant.publishTrack(track, how);
  }
}
