import { Text } from "@mantine/core";
import { useEffect } from "react";
import type { Incident } from "../api/types";
import { lostTimeWords } from "../lost-time";
import { between, clockTime } from "../time";
import { useNow } from "../ui/use-now";
import { DECISION_WORDS, gapWords, KIND_WORDS } from "../words";
import { useConsole, useConsoleView } from "./console-context";
import css from "./proctor.module.css";

export function FocusMessages({ candidateId }: { candidateId: string }) {
  const { seen } = useConsole();
  const messages = useConsoleView().messages.filter((message) => message.candidate_id === candidateId);
  const newest = messages.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown here counts as read, when it changes
  useEffect(() => seen.mark(messages.map(({ id }) => id)), [newest]);
  if (messages.length === 0) {
    return (
      <Text size="sm" className="faint" mb="xs">
        No messages yet.
      </Text>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <ul className={css.messages} aria-live="polite" aria-label="Messages" tabIndex={0}>
      {messages.map((message) => (
        <li key={message.id} data-from={message.from} data-testid="message">
          <Text size="xs" className="faint">
            {message.from === "candidate"
              ? "Candidate"
              : message.from === "proctor"
                ? "You or a colleague"
                : "Invigil"}
            {message.kind === "warning" && " (warning)"} · {clockTime(message.sent_at)}
          </Text>
          {message.text}
        </li>
      ))}
    </ul>
  );
}

function decisionWords({ decision }: Incident): string {
  if (!decision) return "not decided";
  const words = DECISION_WORDS[decision.decision];
  return decision.proposed ? `${words}, proposed` : words;
}

/** What happened to one candidate, newest first: incidents, and the times without pictures. */
export function FocusHistory({ candidateId }: { candidateId: string }) {
  const { ui } = useConsole();
  const view = useConsoleView();
  const now = useNow();
  const gaps = view.gaps.filter((gap) => gap.candidate_id === candidateId);
  const lost = lostTimeWords(gaps, now);
  const entries = [
    ...view.incidents
      .filter((incident) => incident.candidate_id === candidateId)
      .map((incident) => ({
        key: incident.id,
        at: incident.started_at,
        text: KIND_WORDS[incident.kind],
        detail: `${between(incident.started_at, incident.ended_at, now)} · ${decisionWords(incident)}`,
        open: () => ui.enlarge(incident.id),
      })),
    ...gaps.map((gap) => ({
      key: gap.id,
      at: gap.started_at,
      text: gapWords(gap),
      detail: between(gap.started_at, gap.ended_at, now),
      open: null,
    })),
  ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  if (entries.length === 0) {
    return (
      <Text size="sm" className="faint">
        No incidents and no gaps.
      </Text>
    );
  }
  return (
    <>
      {lost && (
        <Text size="sm" mb="xs" data-testid="lost-time">
          Without pictures, and not the candidate's doing: {lost} in all. The exam itself may give this time
          back.
        </Text>
      )}
      <ul className={css.history}>
        {entries.map(({ key, at, text, detail, open }) => (
          <li key={key}>
            <time dateTime={at}>{clockTime(at)}</time>
            <span>
              {open ? (
                <button type="button" className={css.nameButton} onClick={open}>
                  {text}
                </button>
              ) : (
                text
              )}
              <span className="faint"> · {detail}</span>
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
