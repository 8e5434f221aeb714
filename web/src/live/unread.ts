import { Store } from "./store";

const MOST_KEPT = 3000;

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
