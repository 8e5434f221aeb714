import { Alert, Button, SegmentedControl, Skeleton, Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Proctor } from "../api/types";
import { ConsoleStore } from "../live/console-store";
import { AlertSound } from "../live/sound";
import { isNew, SeenIncidents } from "../live/unread";
import { useStore } from "../ui/use-store";
import { Announcer, announceAnswer, announceIncident, announceQuestion } from "./announcer";
import { ConsoleContext, type ConsoleParts } from "./console-context";
import { ConsoleHeader } from "./console-header";
import { ConsoleUi } from "./console-ui";
import { EvidenceView } from "./evidence-view";
import { Feed } from "./feed";
import { FocusPanel } from "./focus-panel";
import { Frame } from "./frame";
import { useKeys } from "./keys";
import { KeysHelp } from "./keys-help";
import { showAnswer, showError, showQuestion } from "./notify";
import css from "./proctor.module.css";
import { SystemBanner } from "./system-banner";
import { WaitingQueue } from "./waiting-queue";
import { Wall } from "./wall";

function makeParts(sessionId: string, proctor: Proctor): ConsoleParts {
  const sound = new AlertSound();
  const seen = new SeenIncidents(sessionId);
  const told = new Set<string>();
  const store: ConsoleStore = new ConsoleStore(sessionId, (event) => {
    if (event.kind === "incident_changed" && event.opened) {
      sound.play(event.incident.severity === "high");
      announceIncident(event.incident);
    }
    if (event.kind === "incident_changed" && event.incident.answer && !told.has(event.incident.id)) {
      const { incident } = event;
      if (!isNew(incident, seen.seen.get())) return;
      told.add(incident.id);
      announceAnswer(incident);
      showAnswer(incident.candidate_name, event.incident.answer.text);
    }
    if (event.kind === "message" && event.message.from === "candidate") {
      const { candidate_id, text } = event.message;
      const name = store.view.get().candidates.find(({ id }) => id === candidate_id)?.name ?? "a candidate";
      announceQuestion(name, text);
      showQuestion(name, text);
    }
  });
  return { proctor, store, seen, sound, ui: new ConsoleUi(store, seen, showError, proctor.person) };
}

export function ConsolePage({ sessionId, proctor }: { sessionId: string; proctor: Proctor }) {
  const [parts, setParts] = useState<ConsoleParts | null>(null);
  useEffect(() => {
    const made = makeParts(sessionId, proctor);
    setParts(made);
    made.store.start();
    return () => made.store.stop();
  }, [sessionId, proctor]);
  if (!parts) return null;
  return (
    <ConsoleContext value={parts}>
      <Console parts={parts} />
    </ConsoleContext>
  );
}

function Console({ parts }: { parts: ConsoleParts }) {
  const { status, session } = useStore(parts.store.view);
  if (status === "not_found" || status === "signed_out" || (status === "failed" && !session)) {
    return <NoConsole status={status} />;
  }
  return session ? <LiveConsole parts={parts} /> : <LoadingConsole />;
}

function LiveConsole({ parts }: { parts: ConsoleParts }) {
  const { half, focused } = useStore(parts.ui.view);
  useKeys(parts);
  return (
    <div className={css.console} data-testid="console">
      <a className="skip-link" href="#main">
        Skip to the incidents
      </a>
      <ConsoleHeader />
      <SystemBanner />
      <Announcer />
      <nav className={css.halves} aria-label="Part of the console">
        <SegmentedControl
          fullWidth
          aria-label="Part of the console"
          value={half}
          onChange={(value) => parts.ui.show(value as "feed" | "wall")}
          data={[
            { value: "feed", label: "Incidents" },
            { value: "wall", label: "Live video" },
          ]}
        />
      </nav>
      <main id="main" className={css.split} data-half={half}>
        <Feed />
        <section className={css.wallSide} aria-label="Live video">
          {focused && <FocusPanel key={focused} candidateId={focused} />}
          <WaitingQueue />
          <Wall />
        </section>
      </main>
      <EvidenceView />
      <KeysHelp />
    </div>
  );
}

function LoadingConsole() {
  return (
    <main className={css.split} aria-busy="true" aria-label="Loading the console">
      <div className={css.feedSide}>
        {["a", "b", "c"].map((key) => (
          <Skeleton key={key} height={150} m="sm" />
        ))}
      </div>
      <div className={css.wallSide}>
        <div className={css.wall}>
          {["a", "b", "c", "d"].map((key) => (
            <Skeleton key={key} height={190} />
          ))}
        </div>
      </div>
    </main>
  );
}

const NO_CONSOLE = {
  not_found: [
    "This exam session does not exist",
    "It may have been deleted, or it belongs to somebody else.",
  ],
  signed_out: [
    "You are signed out",
    "Sign in again. If you came by an invitation, ask the organiser for a new link.",
  ],
  failed: [
    "The console could not be loaded",
    "We keep trying by ourselves. Please check that the server runs.",
  ],
};

function NoConsole({ status }: { status: keyof typeof NO_CONSOLE }) {
  const [title, text] = NO_CONSOLE[status];
  return (
    <Frame>
      <Title order={1} size="h2" mb="sm">
        {title}
      </Title>
      <Alert color={status === "failed" ? "red" : "blue"} role="alert" mb="md">
        <Text>{text}</Text>
      </Alert>
      <Button component="a" href="/">
        To the list of sessions
      </Button>
    </Frame>
  );
}
