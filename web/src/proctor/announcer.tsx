import type { Incident } from "../api/types";
import { Store } from "../live/store";
import { useStore } from "../ui/use-store";
import { KIND_WORDS } from "../words";

const newest = new Store("");

export function announceIncident({ kind, candidate_name }: Incident): void {
  newest.set(`New incident, please look: ${KIND_WORDS[kind]}, ${candidate_name}.`);
}

export function announceQuestion(name: string, text: string): void {
  newest.set(`Message from ${name}: ${text}`);
}

export function announceAnswer({ kind, candidate_name, answer }: Incident): void {
  newest.set(`${candidate_name} answers the decision, ${KIND_WORDS[kind]}: ${answer?.text}`);
}

/** Tells screen readers of new incidents without moving their focus. */
export function Announcer() {
  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-label="New incidents">
      {useStore(newest)}
    </div>
  );
}
