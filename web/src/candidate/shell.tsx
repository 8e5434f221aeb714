import { Button, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconHelpCircle } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef } from "react";
import { type Step, stepOf } from "../live/candidate-state";
import { SidePanel } from "../ui/dialog";
import { ThemeToggle } from "../ui/theme-toggle";
import type { StepProps } from "./app";
import css from "./candidate.module.css";
import { Chat } from "./chat";
import { ConnectionNote } from "./connection-note";
import { ProctorNote } from "./proctor-note";
import { ProctorVideo } from "./proctor-video";

const STEPS: [Step[], string][] = [
  [["welcome"], "Welcome"],
  [["camera"], "Camera and microphone"],
  [["photo"], "Reference photo"],
  [["check_in", "waiting", "ready"], "Check-in"],
  [["room"], "Exam"],
];

export function Shell({ session, view, children }: StepProps & { children: ReactNode }) {
  const [helpOpen, help] = useDisclosure(false);
  const step = stepOf(view);
  const title = view.me?.session.title ?? view.join?.session.title ?? null;
  const open = view.phase === "open";
  const inRoom = open && step === "room";
  const over = step === "finished" || step === "removed";
  const canAsk = open && view.me !== null && !over;
  useEffect(() => {
    document.title = title ? `${title} – exam` : "Exam check-in";
  }, [title]);
  useFocusOnChange(`${view.phase}/${step}`);
  const chatShown = inRoom || (open && step === "paused");
  const ask = () => (chatShown ? document.getElementById("chat-input")?.focus() : help.open());
  return (
    <div className={css.page}>
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <header className={css.header}>
        <div className={css.brand}>
          <Text fw={650} truncate="end">
            {title ?? "Invigil"}
          </Text>
          {view.me && (
            <Text size="sm" className="faint" truncate="end">
              {view.me.name}
            </Text>
          )}
        </div>
        <ThemeToggle />
        {canAsk && (
          <Button
            variant="default"
            leftSection={<IconHelpCircle size={18} aria-hidden />}
            onClick={ask}
            data-testid="ask-help"
          >
            Ask for help
          </Button>
        )}
      </header>
      <main id="main" className={`${css.main} ${inRoom ? css.wide : ""}`}>
        {open && STEPS.some(([steps]) => steps.includes(step)) && !inRoom && <Progress step={step} />}
        {canAsk && !inRoom && <ConnectionNote connection={view.connection} trouble={view.trouble} />}
        {canAsk && !inRoom && <ProctorNote view={view} onAnswer={help.open} />}
        {canAsk && <ProctorVideo incoming={session.media.live.incoming} />}
        {children}
      </main>
      <SidePanel opened={helpOpen && !chatShown} onClose={help.close} title="Ask for help">
        <Text mb="sm">Write to the proctor here. Your place in the check-in is kept.</Text>
        <Chat session={session} view={view} />
      </SidePanel>
    </div>
  );
}

/** Each step begins at its heading, also for those who hear the page. */
function useFocusOnChange(step: string): void {
  const last = useRef(step);
  useEffect(() => {
    if (last.current === step) return;
    last.current = step;
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }, [step]);
}

function Progress({ step }: { step: Step }) {
  const index = STEPS.findIndex(([steps]) => steps.includes(step));
  const label = STEPS[index]?.[1] ?? "";
  return (
    <div>
      <ol className={css.steps} aria-hidden>
        {STEPS.map(([, name], i) => (
          <li key={name} data-done={i <= index || undefined} />
        ))}
      </ol>
      <Text size="sm" className="faint" mb="md" role="status">
        Step {index + 1} of {STEPS.length}: {label}
      </Text>
    </div>
  );
}

export function StepTitle({ children }: { children: ReactNode }) {
  return (
    <Title order={1} size="h2" mb="xs" tabIndex={-1}>
      {children}
    </Title>
  );
}
