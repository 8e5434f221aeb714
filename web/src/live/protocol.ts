import type {
  CameraState,
  Candidate,
  ExamSession,
  Gap,
  Incident,
  JoinSession,
  LiveFacts,
  Message,
  MyCandidate,
  SystemStatus,
  Warning,
} from "../api/types";

export type Quality = "thumb" | "focus";

/** What two pages say to each other through the server, which passes it on unread. */
export interface Signal {
  epoch: string;
  link?: string;
  description?: RTCSessionDescriptionInit;
  candidate?: RTCIceCandidateInit | null;
  restart?: boolean;
  bye?: boolean;
  want?: Quality;
}

export interface Peer {
  peer: string;
  role: "candidate" | "proctor";
  candidate_id: string | null;
  /** What a proctor's page is called in a provider's rooms. */
  viewer?: string | null;
}

export interface Hello {
  type: "hello";
  /** Who carries live video. */
  provider?: string;
  peer: string;
  role: "candidate" | "proctor";
  cursor: number;
  ice_servers: { urls: string | string[]; username?: string | null; credential?: string | null }[];
  ice_transport_policy: RTCIceTransportPolicy;
  peers: Peer[];
}

export type ProctorEvent =
  | { kind: "candidate_changed"; candidate: Candidate }
  | { kind: "incident_changed"; incident: Incident; opened: boolean }
  | { kind: "message"; message: Message }
  | { kind: "gap"; gap: Gap }
  | { kind: "session_changed"; session: ExamSession };

export type CandidateEvent =
  | { kind: "state_changed"; candidate: MyCandidate }
  | { kind: "message"; message: Message }
  | { kind: "session_changed"; session: JoinSession }
  | { kind: "warning"; warning: Warning }
  | { kind: "taken_over"; tab: string };

export interface Tile {
  type: "tile";
  candidate_id: string;
  live: LiveFacts | null;
  last_frame_at: string;
  next_frame_ms: number;
  has_still: boolean;
}

export interface EventMessage<E> {
  type: "event";
  seq: number;
  at: string;
  event: E;
}

export type ServerMessage<E> =
  | Hello
  | EventMessage<E>
  | { type: "pong" }
  | ({ type: "peer_joined" } & Peer)
  | { type: "peer_left"; peer: string }
  | { type: "signal"; from: string; signal: Signal }
  | Tile
  | { type: "presence"; candidate_id: string; online: boolean }
  | { type: "system"; system: SystemStatus }
  | { type: "resync" };

/** What the browser calls the camera. The server keeps a hash of `device`, and nothing of `label`. */
export interface CameraDevice {
  device?: string;
  label?: string;
}

export type ClientMessage =
  | { type: "ping" }
  | { type: "signal"; to: string; signal: Signal }
  | ({ type: "camera"; state: Exclude<CameraState, "unknown"> } & CameraDevice);

export type ConnectionState =
  | "connecting"
  | "online"
  | "reconnecting"
  | "taken_over"
  | "closed"
  | "removed"
  | "signed_out"
  | "stopped";

export type PeerMessage = Extract<
  ServerMessage<never>,
  { type: "peer_joined" } | { type: "peer_left" } | { type: "signal" }
>;

/** Letters of and about other pages, which live video works with. */
export function isForMedia(message: ServerMessage<unknown>): message is PeerMessage {
  return message.type === "peer_joined" || message.type === "peer_left" || message.type === "signal";
}

/** A missing name or secret must be left out: as null it would be sent to the relay as the word "null". */
export function rtcConfig({ ice_servers, ice_transport_policy }: Hello): RTCConfiguration {
  const iceServers = ice_servers.map(({ urls, username, credential }) =>
    username && credential ? { urls, username, credential } : { urls },
  );
  return { iceServers, iceTransportPolicy: ice_transport_policy };
}
