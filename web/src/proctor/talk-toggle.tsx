import { Button, Text } from "@mantine/core";
import { IconMicrophone, IconMicrophoneOff } from "@tabler/icons-react";
import { useState } from "react";
import { startTalking } from "../live/talk";
import { useStore } from "../ui/use-store";
import { useConsole } from "./console-context";

export function TalkToggle({ candidateId }: { candidateId: string }) {
  const { viewers } = useConsole().store;
  const on = useStore(viewers.talkingTo) === candidateId;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [seen, setSeen] = useState(false);
  const toggle = async () => {
    setProblem(null);
    if (on) {
      viewers.stopTalk();
      return;
    }
    setBusy(true);
    const talk = await startTalking(viewers, candidateId);
    setProblem(talk.problem);
    setSeen(talk.problem === null && talk.seen);
    setBusy(false);
  };
  const Icon = on ? IconMicrophone : IconMicrophoneOff;
  return (
    <>
      <Button
        variant={on ? "filled" : "default"}
        color={on ? "red" : undefined}
        aria-pressed={on}
        loading={busy}
        leftSection={<Icon size={18} aria-hidden />}
        onClick={toggle}
        data-testid="talk-toggle"
        data-on={on}
      >
        {on ? "Stop talking" : "Talk (they see and hear you)"}
      </Button>
      {on && (
        <Text role="status" size="sm" data-testid="talk-how">
          {seen ? "The candidate sees and hears you." : "The candidate hears you. Your camera is not on."}
        </Text>
      )}
      {problem && (
        <Text role="alert" size="sm">
          {problem}
        </Text>
      )}
    </>
  );
}
