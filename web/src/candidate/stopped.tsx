import { Text } from "@mantine/core";
import { IconPlayerPause, IconUserOff } from "@tabler/icons-react";
import { clockTime } from "../time";
import type { StepProps } from "./app";
import { Comparison } from "./arranged";
import css from "./candidate.module.css";
import { Chat } from "./chat";
import { SayBack } from "./room-acts";
import { StepTitle } from "./shell";

/** The proctor's own words, which are the candidate's to read. */
export function Reason({ text }: { text: string | null | undefined }) {
  if (!text) return null;
  return (
    <Text mb="md" data-testid="state-reason">
      The proctor writes: <strong>{text}</strong>
    </Text>
  );
}

export function PausedScreen({ session, view }: StepProps) {
  const since = view.me?.state_since;
  return (
    <section className={`panel ${css.card}`} data-testid="paused">
      <IconPlayerPause size={40} aria-hidden />
      <StepTitle>Monitoring is paused</StepTitle>
      <Reason text={view.me?.state_reason} />
      <Text mb="md">
        Your camera and microphone are off{since ? ` since ${clockTime(since)}` : ""}. No pictures are taken,
        nothing is recorded, and this time is not counted against you. Leave this page open: the exam goes on
        by itself when the proctor ends the pause. Nobody can see whether you are there: press the button when
        you are back at your desk.
      </Text>
      <SayBack session={session} view={view} />
      <Text component="h2" fw={650} mt="lg" mb="xs">
        Write to the proctor
      </Text>
      <Chat session={session} view={view} />
    </section>
  );
}

export function RemovedScreen({ session, view }: StepProps) {
  return (
    <section className={`panel ${css.card}`} data-testid="removed">
      <IconUserOff size={40} aria-hidden />
      <StepTitle>You have been taken out of the exam room</StepTitle>
      <Reason text={view.me?.state_reason} />
      <Text mb="md">
        Your camera and microphone are off, and nothing is recorded. A proctor can let you in again: leave
        this page open, it notices by itself. If you think that this is a mistake, contact your exam office.
      </Text>
      <Comparison session={session} view={view} />
    </section>
  );
}
