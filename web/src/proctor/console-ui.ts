import type { Decision, Incident } from "../api/types";
import type { ConsoleStore } from "../live/console-store";
import { type FeedFilter, filterIncidents, readFilter, writeFilter } from "../live/feed-filter";
import { mayDecide } from "../live/second-person";
import { Store } from "../live/store";
import { type SeenIncidents, seenAs } from "../live/unread";

export interface UiView {
  selected: string | null;
  deciding: { id: string; decision: Decision } | null;
  focused: string | null;
  enlarged: string | null;
  filter: FeedFilter;
  /** Small screens show one of the two halves. */
  half: "feed" | "wall";
}

/** What the proctor has selected, opened and filtered; shared by buttons and keys. */
export class ConsoleUi {
  readonly view: Store<UiView>;
  private decided: string[] = [];

  constructor(
    private readonly store: ConsoleStore,
    private readonly seen: SeenIncidents,
    private readonly onError: (error: unknown) => void,
    /** Who decides here, as decisions name them. */
    private readonly person: string,
  ) {
    this.view = new Store<UiView>({
      selected: null,
      deciding: null,
      focused: null,
      enlarged: null,
      filter: readFilter(window.location.search),
      half: "feed",
    });
  }

  visible(): Incident[] {
    return filterIncidents(this.store.view.get().incidents, this.view.get().filter);
  }

  setFilter(part: Partial<FeedFilter>): void {
    const filter = { ...this.view.get().filter, ...part };
    this.view.patch({ filter });
    window.history.replaceState(null, "", window.location.pathname + writeFilter(filter));
  }

  move(step: 1 | -1): void {
    const ids = this.visible().map(({ id }) => id);
    const at = ids.indexOf(this.view.get().selected ?? "");
    const next = ids[at < 0 ? 0 : Math.min(Math.max(at + step, 0), ids.length - 1)];
    if (next) this.select(next);
  }

  select(id: string): void {
    const incident = this.store.view.get().incidents.find((each) => each.id === id);
    this.seen.mark(incident ? seenAs(incident) : [id]);
    if (this.view.get().selected !== id) this.view.patch({ selected: id, deciding: null });
  }

  /** Open the reason form; the decision is made when it is saved. */
  ask(decision: Decision, id = this.view.get().selected): void {
    const { incidents, session } = this.store.view.get();
    const incident = incidents.find((each) => each.id === id);
    if (!incident) return;
    this.select(incident.id);
    // Keys do what the card offers, and nothing else.
    if (!mayDecide(incident, decision, this.person, session?.second_reviewer ?? false)) return;
    this.view.patch({ deciding: { id: incident.id, decision } });
  }

  cancel(): void {
    this.view.patch({ deciding: null });
  }

  async decide(id: string, decision: Decision, reason: string): Promise<void> {
    try {
      await this.store.decide(id, decision, reason);
      this.seen.mark([id]);
      this.decided.push(id);
      this.view.patch({ deciding: null });
    } catch (error) {
      this.onError(error);
    }
  }

  /** Take back the newest decision of this page, or else that of the selected incident. */
  async undo(id?: string): Promise<void> {
    const target = id ?? this.decided.at(-1) ?? this.view.get().selected;
    if (!target) return;
    try {
      await this.store.undo(target);
      this.decided = this.decided.filter((each) => each !== target);
    } catch (error) {
      this.decided = this.decided.filter((each) => each !== target);
      this.onError(error);
    }
  }

  focus(candidateId: string | null): void {
    this.view.patch({ focused: candidateId, half: candidateId ? "wall" : this.view.get().half });
    this.store.viewers.focus(candidateId);
  }

  focusSelected(): void {
    const { selected, focused } = this.view.get();
    const incident = this.store.view.get().incidents.find(({ id }) => id === selected);
    if (incident && incident.candidate_id !== focused) this.focus(incident.candidate_id);
    else this.focus(null);
  }

  enlarge(id: string | null): void {
    if (id) this.select(id);
    this.view.patch({ enlarged: id });
  }

  show(half: UiView["half"]): void {
    this.view.patch({ half });
  }

  markAllSeen(): void {
    this.seen.mark(this.store.view.get().incidents.flatMap(seenAs));
  }
}
