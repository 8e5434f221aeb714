import { Alert, Button, Loader, Text, Textarea, Title } from "@mantine/core";
import { type FormEvent, useCallback, useEffect, useState } from "react";
import type { CandidateApi } from "../api/candidate";
import { asApiError } from "../api/http";
import type { OwnIncident, OwnIncidentList } from "../api/types";
import type { CandidateSession } from "../live/candidate-session";
import { between, clockTime, dayAndTime } from "../time";
import { KIND_WORDS } from "../words";
import css from "./candidate.module.css";
import { OwnPicture } from "./own-picture";

const DECIDED = {
  confirmed: "Somebody has looked at it and confirmed it",
  dismissed: "Somebody has looked at it and dismissed it: nothing is held against you",
  inconclusive: "Somebody has looked at it and could not tell",
};

export interface OwnView {
  list: OwnIncidentList | null;
  error: string | null;
  load: () => void;
  keep: (changed: OwnIncident) => void;
}

/** What was noted about the candidate; without a `session` nothing is loaded. */
export function useOwnIncidents(session: CandidateSession | null): OwnView {
  const [list, setList] = useState<OwnIncidentList | null>(null);
  const [error, setError] = useState<string | null>(null);
  const load = useCallback(() => {
    if (!session) return;
    setError(null);
    const loading = session.reader().ownIncidents();
    loading.then(setList, (reason) => setError(asApiError(reason).message));
  }, [session]);
  useEffect(load, [load]);
  const keep = (changed: OwnIncident) =>
    setList((now) => now && { ...now, incidents: replaced(now.incidents, changed) });
  return { list, error, load, keep };
}

function replaced(incidents: OwnIncident[], changed: OwnIncident): OwnIncident[] {
  return incidents.map((each) => (each.id === changed.id ? changed : each));
}

/** Until when the first of what can be answered has to be; null when there is nothing to answer. */
export function answerUntil(list: OwnIncidentList | null): string | null {
  const open = (list?.incidents ?? []).flatMap(({ answer, answer_until }) =>
    answer_until && !answer ? [answer_until] : [],
  );
  return open.sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? null;
}

/** The list with the pictures, and the one answer to each. */
export function OwnIncidents({ api, own }: { api: CandidateApi; own: OwnView }) {
  const { list, error, load, keep } = own;
  if (error) {
    return (
      <Alert color="red" role="alert" title="Your incidents could not be loaded" mt="md">
        {error}
        <Button size="xs" variant="default" mt="sm" display="block" onClick={load}>
          Try again
        </Button>
      </Alert>
    );
  }
  if (!list) return <Loader mt="md" aria-label="Loading your incidents" />;
  if (list.setting === "never") return null;
  return (
    <section
      className={`panel ${css.card} ${css.below}`}
      aria-labelledby="own-title"
      data-testid="own-incidents"
    >
      <Title order={2} size="h3" id="own-title" mb="xs">
        What was noted during your exam
      </Title>
      <Text mb="md">{introduction(list)}</Text>
      {list.incidents.map((incident) => (
        <Own key={incident.id} api={api} incident={incident} onChanged={keep} />
      ))}
      <Text size="sm" className="faint" mt="md">
        To come back here, open your exam link again in this browser.
      </Text>
    </section>
  );
}

function introduction({ incidents, waiting }: OwnIncidentList): string {
  const later =
    waiting > 0
      ? ` ${waiting === 1 ? "1 entry is" : `${waiting} entries are`} shown when somebody has looked at ${waiting === 1 ? "it" : "them"}.`
      : "";
  if (incidents.length === 0) return waiting > 0 ? later.trim() : "Nothing was noted.";
  return `The computer asks people to look at moments like these. It decides nothing; people do.${later}`;
}

interface OwnProps {
  api: CandidateApi;
  incident: OwnIncident;
  onChanged: (incident: OwnIncident) => void;
}

function Own({ api, incident, onChanged }: OwnProps) {
  const { decision, started_at, ended_at } = incident;
  return (
    <article className={css.own} data-testid="own-incident" data-kind={incident.kind}>
      <Title order={3} size="h4">
        {KIND_WORDS[incident.kind]}
      </Title>
      <Text size="sm" className="faint">
        {dayAndTime(started_at)}
        {ended_at && `, for ${between(started_at, ended_at, 0)}`}
        {incident.max_faces ? ` · up to ${incident.max_faces} faces at once` : ""}
      </Text>
      {incident.evidence.map((evidence) => (
        <OwnPicture
          key={evidence.id}
          load={() => api.ownEvidence(incident.id, evidence.id)}
          alt={`Picture taken at ${clockTime(evidence.captured_at)}`}
        />
      ))}
      {incident.evidence.length === 0 && <Text size="sm">There is no picture of it.</Text>}
      <Text mt="sm" fw={600} data-testid="own-decision">
        {decision ? `${DECIDED[decision.decision]}.` : "Nobody has decided about it yet."}
      </Text>
      {decision && <Text size="sm">The reason: {decision.reason}</Text>}
      <Answer api={api} incident={incident} onChanged={onChanged} />
    </article>
  );
}

function Answer({ api, incident, onChanged }: OwnProps) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  if (incident.answer) {
    return (
      <Text mt="sm" data-testid="own-answer">
        <span className="faint">Your answer, {dayAndTime(incident.answer.answered_at)}: </span>
        {incident.answer.text}
      </Text>
    );
  }
  if (!incident.answer_until) {
    return (
      <Text size="sm" className="faint" mt="sm">
        The time to answer is over.
      </Text>
    );
  }
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onChanged(await api.answerIncident(incident.id, text.trim()));
    } catch (reason) {
      const { message, fix } = asApiError(reason);
      setError([message, fix].filter(Boolean).join(" "));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={send}>
      <Textarea
        mt="sm"
        label="Your answer"
        description={`One answer, until ${dayAndTime(incident.answer_until)}. The reviewers read it; it cannot be changed afterwards.`}
        autosize
        minRows={2}
        maxRows={8}
        maxLength={1000}
        value={text}
        error={error}
        onChange={(event) => setText(event.currentTarget.value)}
        data-testid="own-answer-text"
      />
      <Button type="submit" mt="xs" loading={busy} disabled={!text.trim()} data-testid="own-answer-send">
        Send the answer
      </Button>
    </form>
  );
}
