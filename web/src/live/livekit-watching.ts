import { Seat } from "./livekit-seat";
import type { LiveView, MediaContext, MediaMessage, WatchingMedia } from "./media";
import type { Peer } from "./protocol";
import { type Measurable, StallWatch } from "./stall-watch";
import { Store } from "./store";

/** A candidate's page that only lost its socket keeps its room for this long, or while it flows. */
const PARTING_MS = 15_000;

/** The proctor's side: a room for each candidate who is there. */
export class LivekitWatching implements WatchingMedia {
  readonly views = new Store<ReadonlyMap<string, LiveView>>(new Map());
  readonly talkingTo = new Store<string | null>(null);
  readonly talkLost = new Store<string | null>(null);
  readonly trouble = new Store<string | null>(null);
  private readonly seats = new Map<string, Seat>();
  private readonly stalls: StallWatch;
  private focused: string | null = null;

  constructor(private readonly context: MediaContext) {
    this.stalls = new StallWatch(
      context.clock,
      () => this.pictures(),
      (candidateId, flows) => this.seats.get(candidateId)?.flows(flows),
    );
  }

  heard(message: MediaMessage): void {
    if (message.type === "hello") {
      this.stalls.start();
      for (const { peers } of this.seats.values()) peers.clear();
      for (const peer of message.peers) this.joined(peer);
      for (const [id, { peers }] of this.seats) if (peers.size === 0) this.partLater(id);
      this.networkChanged();
    } else if (message.type === "peer_joined") this.joined(message);
    else if (message.type === "peer_left") this.left(message.peer);
  }

  focus(candidateId: string | null): void {
    const before = this.focused;
    this.focused = candidateId;
    if (before) this.seats.get(before)?.focus(false);
    if (candidateId) this.seats.get(candidateId)?.focus(true);
  }

  /** Candidates may receive nothing in these rooms. */
  startTalk(): boolean {
    return false;
  }

  stopTalk(): void {}
  loseTalk(): void {}

  networkChanged(): void {
    for (const seat of this.seats.values()) seat.hurry();
  }

  close(): void {
    this.stalls.stop();
    for (const seat of this.seats.values()) seat.close();
    this.seats.clear();
    this.changed();
  }

  private joined({ peer, role, candidate_id: id }: Peer): void {
    if (role !== "candidate" || !id) return;
    let seat = this.seats.get(id);
    if (!seat) {
      seat = new Seat(this.context, id, () => this.changed());
      seat.focus(id === this.focused);
      this.seats.set(id, seat);
    }
    seat.cancelParting();
    seat.peers.add(peer);
  }

  private left(peer: string): void {
    for (const [id, { peers }] of this.seats) if (peers.delete(peer) && peers.size === 0) this.partLater(id);
  }

  private partLater(id: string): void {
    const seat = this.seats.get(id);
    if (!seat) return;
    seat.cancelParting();
    seat.cancelParting = this.context.clock.after(PARTING_MS, () => {
      if (seat.view.state === "live") return this.partLater(id);
      seat.close();
      this.seats.delete(id);
      this.changed();
    });
  }

  private pictures(): Map<string, Measurable> {
    const found = new Map<string, Measurable>();
    for (const [id, { picture }] of this.seats) if (picture) found.set(id, picture);
    return found;
  }

  private changed(): void {
    const seats = [...this.seats];
    this.views.set(new Map(seats.map(([id, { view }]) => [id, view])));
    const all = seats.length > 0 && seats.every(([, { down }]) => down !== null);
    this.trouble.set(all ? (seats[0]?.[1].down ?? null) : null);
  }
}
