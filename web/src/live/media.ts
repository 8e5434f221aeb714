import type { MediaGrant } from "../api/types";
import type { Clock } from "./clock";
import type { Hello, Peer, Signal } from "./protocol";
import type { Store } from "./store";

/** What the live socket says that live video may need. */
export type MediaMessage =
  | Hello
  | ({ type: "peer_joined" } & Peer)
  | { type: "peer_left"; peer: string }
  | { type: "signal"; from: string; signal: Signal };

export interface LiveView {
  stream: MediaStream | null;
  state: "connecting" | "live" | "broken";
}

export interface MediaContext {
  epoch: string;
  clock: Clock;
  /** Hand a letter to another page through our own socket. */
  send: (to: string, signal: Signal) => void;
  /** A fresh pass for the provider's server. `candidateId`: where each candidate has a room. */
  grant: (candidateId?: string) => Promise<MediaGrant>;
}

/** The candidate's side of live video. It may be closed and used again. */
export interface SendingMedia {
  /** What the proctor lets the candidate see and hear; null while nobody speaks. */
  readonly incoming: Store<MediaStream | null>;
  /** Send these tracks from now on; none after `close`, until there are new ones. */
  setTracks(tracks: MediaStreamTrack[]): void;
  heard(message: MediaMessage): void;
  networkChanged(): void;
  close(): void;
}

/** The proctor's side: one picture for each candidate, by the candidate's id. */
export interface WatchingMedia {
  readonly views: Store<ReadonlyMap<string, LiveView>>;
  /** Whom the proctor speaks to at the moment. */
  readonly talkingTo: Store<string | null>;
  /** Whom the proctor spoke to when the candidate went away; null once that is of no interest any more. */
  readonly talkLost: Store<string | null>;
  /** Why there is no live video at all, in plain words; null while it works. */
  readonly trouble: Store<string | null>;
  heard(message: MediaMessage): void;
  /** The full picture of this candidate, small ones of all others. */
  focus(candidateId: string | null): void;
  startTalk(candidateId: string, stream: MediaStream): boolean;
  stopTalk(): void;
  /** The same because the candidate is gone, which `talkLost` tells. */
  loseTalk(): void;
  networkChanged(): void;
  close(): void;
}

/** One provider's module. */
export interface Carrier {
  sending(context: MediaContext): SendingMedia;
  watching(context: MediaContext): WatchingMedia;
}
