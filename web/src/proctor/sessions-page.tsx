import { Alert, Badge, Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import { asApiError } from "../api/http";
import { listSessions, signOut } from "../api/proctor";
import type { ExamSession, Proctor } from "../api/types";
import { clockTime, dayAndTime, timeZone } from "../time";
import { CopyButton } from "./copy-button";
import { CreateSession } from "./create-session";
import { Frame } from "./frame";
import { HoldBadge } from "./hold-badge";
import css from "./proctor.module.css";
import { Proctors } from "./proctors";
import { RulesPrecision } from "./rules-precision";

export function SessionsPage({ proctor }: { proctor: Proctor }) {
  const [sessions, setSessions] = useState<ExamSession[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const load = useCallback(() => {
    listSessions().then(
      (answer) => {
        setSessions(answer.sessions);
        setError(null);
      },
      (reason) => setError(asApiError(reason).message),
    );
  }, []);
  useEffect(() => {
    document.title = "Exam sessions – Invigil";
    load();
    const timer = setInterval(load, 15_000);
    return () => clearInterval(timer);
  }, [load]);
  const organiser = proctor.role === "organiser";
  const leave = () => void signOut().finally(() => window.location.assign("/"));
  return (
    <Frame
      right={
        <Group gap="sm">
          <Text size="sm" className="faint" visibleFrom="xs">
            {proctor.name}
          </Text>
          <Button variant="default" size="xs" onClick={leave}>
            Sign out
          </Button>
        </Group>
      }
    >
      <Title order={1} size="h2" mb="md">
        Exam sessions
      </Title>
      {organiser && (
        <CreateSession onCreated={(session) => setSessions((all) => [session, ...(all ?? [])])} />
      )}
      {error && (
        <Alert color="red" role="alert" mt="md" title="The list could not be loaded">
          {error}
        </Alert>
      )}
      <SessionList sessions={sessions} organiser={organiser} />
      {organiser && <RulesPrecision />}
      <Text size="sm" className="faint" mt="md">
        Times are shown in your time zone ({timeZone()}).
      </Text>
    </Frame>
  );
}

function SessionList({ sessions, organiser }: { sessions: ExamSession[] | null; organiser: boolean }) {
  if (!sessions) {
    return (
      <Stack mt="md" role="status" aria-label="Loading sessions">
        <Skeleton height={92} />
        <Skeleton height={92} />
      </Stack>
    );
  }
  if (sessions.length === 0) {
    return (
      <Text mt="xl" ta="center" className="faint">
        {organiser
          ? "No exam sessions yet. Create the first one above, then send its join link to the candidates."
          : "There is no exam session for you. Ask the organiser for an invitation."}
      </Text>
    );
  }
  return (
    <Stack mt="md" gap="sm" component="ul" p={0} m={0} style={{ listStyle: "none" }}>
      {sessions.map((session) => (
        <SessionRow key={session.id} session={session} organiser={organiser} />
      ))}
    </Stack>
  );
}

function SessionRow({ session, organiser }: { session: ExamSession; organiser: boolean }) {
  const closed = session.closed_at !== null;
  return (
    <li className={`panel ${css.row}`} data-testid="session-row" data-session={session.id}>
      <div className={css.grow}>
        <Group gap="xs">
          <Title order={2} size="h4">
            <a className={css.rowLink} href={`/sessions/${session.id}`}>
              {session.title}
            </a>
          </Title>
          {closed && (
            <Badge variant="default" tt="none">
              Closed
            </Badge>
          )}
          {session.unattended_since && (
            <Badge variant="default" tt="none" className={css.unattended} data-testid="unattended">
              Nobody is watching since {clockTime(session.unattended_since)}
            </Badge>
          )}
          <HoldBadge holds={session.holds} />
        </Group>
        <Text size="sm" className="faint">
          {dayAndTime(session.created_at)} · a picture every {session.sampling_interval_s} s · kept{" "}
          {session.retention_days} {session.retention_days === 1 ? "day" : "days"}
        </Text>
        <Text size="sm">
          {session.candidates_in_room} in the room · {session.open_incidents} open{" "}
          {session.open_incidents === 1 ? "incident" : "incidents"} · {session.unreviewed_incidents} to review
        </Text>
      </div>
      <Group gap="xs">
        {!closed && !session.invited_only && (
          <CopyButton text={session.join_url} label="Copy join link" testId="copy-join-link" />
        )}
        {organiser && <Proctors sessionId={session.id} title={session.title} />}
        <Button component="a" href={`/sessions/${session.id}`} data-testid="open-console">
          Open console
        </Button>
      </Group>
      {!closed && (
        <Text size="xs" className={`faint ${css.full}`} data-testid="join-url">
          {session.invited_only ? "Only people with a personal invitation can join." : session.join_url}
        </Text>
      )}
    </li>
  );
}
