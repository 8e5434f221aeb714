import type { Incident } from "../api/types";
import { Store } from "./store";

const MOST_KEPT = 3000;

/** Whether the candidate has answered what people decided before: they have not weighed it. */
export function answeredSince({ answer, decision }: Incident): boolean {
  if (!answer || !decision) return false;
  return Date.parse(answer.answered_at) > Date.parse(decision.decided_at);
}

/** What is seen when somebody looks at an incident: itself, and an answer to its decision. */
export function seenAs(incident: Incident): string[] {
  return answeredSince(incident) ? [incident.id, `answer:${incident.id}`] : [incident.id];
}

/** Whether there is something of it to look at that is not in `seen`. */
export function isNew(incident: Incident, seen: ReadonlySet<string>): boolean {
  if (incident.decision && !answeredSince(incident)) return false;
  const newest = seenAs(incident).at(-1);
  return newest !== undefined && !seen.has(newest);
}

/** Which incidents this browser's user has looked at. */
export class SeenIncidents {
  readonly seen: Store<ReadonlySet<string>>;
  private readonly key: string;

  constructor(sessionId: string) {
    this.key = `invigil:seen:${sessionId}`;
    this.seen = new Store<ReadonlySet<string>>(new Set(this.load()));
  }

  mark(ids: Iterable<string>): void {
    const next = new Set(this.seen.get());
    const before = next.size;
    for (const id of ids) next.add(id);
    if (next.size === before) return;
    this.seen.set(next);
    this.save([...next].slice(-MOST_KEPT));
  }

  private load(): string[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : [];
    } catch {
      return [];
    }
  }

  private save(ids: string[]): void {
    try {
      localStorage.setItem(this.key, JSON.stringify(ids));
    } catch {
      // A full or forbidden storage costs only the memory across reloads.
    }
  }
}
