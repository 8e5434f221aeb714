import { type RemoteParticipant, type Room, RoomEvent, Track, VideoQuality } from "livekit-client";
import type { Cancel } from "./clock";
import { RoomLink } from "./livekit-room";
import type { LiveView, MediaContext } from "./media";

const NOTHING: LiveView = { stream: null, state: "connecting" };

/** One candidate's room, as a proctor's page sees it: nobody but that candidate shows there. */
export class Seat {
  view: LiveView = NOTHING;
  /** Why nothing can come from this room, in words; null while it is connected. */
  down: string | null = null;
  /** Connected pages of the candidate, by our own live socket. */
  readonly peers = new Set<string>();
  cancelParting: Cancel = () => {};
  private readonly link: RoomLink;
  private room: Room | null = null;
  private quality = VideoQuality.LOW;

  constructor(
    context: MediaContext,
    private readonly candidateId: string,
    private readonly onChange: () => void,
  ) {
    this.link = new RoomLink({
      clock: context.clock,
      grant: () => context.grant(candidateId),
      room: { singlePeerConnection: true },
      onRoom: (room) => this.listen(room),
      onLive: (room) => this.entered(room),
      onDown: (words) => this.lost(words),
    });
    this.link.start();
  }

  /** The picture that ought to flow. */
  get picture(): Track | undefined {
    return this.candidate?.getTrackPublication(Track.Source.Camera)?.track;
  }

  hurry(): void {
    this.link.hurry();
  }

  focus(on: boolean): void {
    this.quality = on ? VideoQuality.HIGH : VideoQuality.LOW;
    this.choose();
  }

  /** What the measurement of the flow says; a room that is down stays so. */
  flows(flows: boolean): void {
    if (this.down === null && this.view.stream) this.show({ ...this.view, state: flows ? "live" : "broken" });
  }

  close(): void {
    this.cancelParting();
    this.link.stop();
    this.room = null;
    this.view = NOTHING;
  }

  private get candidate(): RemoteParticipant | undefined {
    return this.room?.remoteParticipants.get(this.candidateId);
  }

  private listen(room: Room): void {
    const look = () => this.look();
    room
      .on(RoomEvent.TrackSubscribed, look)
      .on(RoomEvent.TrackUnsubscribed, look)
      .on(RoomEvent.ParticipantDisconnected, look);
    this.room = room;
  }

  private entered(room: Room): void {
    this.room = room;
    this.down = null;
    this.look();
  }

  private lost(words: string): void {
    this.down = words;
    this.show({ ...this.view, state: "broken" });
  }

  private look(): void {
    this.choose();
    const tracks = [Track.Source.Camera, Track.Source.Microphone].flatMap(
      (source) => this.candidate?.getTrackPublication(source)?.track?.mediaStreamTrack ?? [],
    );
    const { stream } = this.view;
    const same =
      stream?.getTracks().length === tracks.length && tracks.every((t) => stream.getTrackById(t.id));
    const flows = this.down === null && tracks.some(({ kind }) => kind === "video");
    const next = same ? stream : tracks.length > 0 ? new MediaStream(tracks) : null;
    this.show({ stream: next, state: flows ? "live" : this.down ? "broken" : "connecting" });
  }

  private choose(): void {
    this.candidate?.getTrackPublication(Track.Source.Camera)?.setVideoQuality(this.quality);
  }

  private show(view: LiveView): void {
    this.view = view;
    this.onChange();
  }
}
