import type { Incident, IncidentKind } from "../api/types";
import { KIND_WORDS } from "../words";

export interface FeedFilter {
  kind: IncidentKind | null;
  candidate: string | null;
  show: "all" | "open" | "undecided";
}

export const noFilter: FeedFilter = { kind: null, candidate: null, show: "all" };

const KINDS = Object.keys(KIND_WORDS);

/** Filters live in the address, so that a reload or a shared link shows the same list. */
export function readFilter(query: string): FeedFilter {
  const params = new URLSearchParams(query);
  const kind = params.get("kind");
  const show = params.get("show");
  return {
    kind: kind && KINDS.includes(kind) ? (kind as IncidentKind) : null,
    candidate: params.get("candidate"),
    show: show === "open" || show === "undecided" ? show : "all",
  };
}

export function writeFilter({ kind, candidate, show }: FeedFilter): string {
  const params = new URLSearchParams();
  if (kind) params.set("kind", kind);
  if (candidate) params.set("candidate", candidate);
  if (show !== "all") params.set("show", show);
  const query = params.toString();
  return query ? `?${query}` : "";
}

export function filterIncidents(incidents: readonly Incident[], filter: FeedFilter): Incident[] {
  return incidents.filter(
    (incident) =>
      (!filter.kind || incident.kind === filter.kind) &&
      (!filter.candidate || incident.candidate_id === filter.candidate) &&
      (filter.show !== "open" || incident.state === "open") &&
      (filter.show !== "undecided" || !incident.decision || incident.decision.proposed),
  );
}
