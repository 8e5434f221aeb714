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
  const toggle = async () => {
    setProblem(null);
    if (on) {
      viewers.stopTalk();
      return;
    }
    setBusy(true);
    setProblem(await startTalking(viewers, candidateId));
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
        {on ? "Stop talking" : "Talk"}
      </Button>
      {problem && (
        <Text role="alert" size="sm">
          {problem}
        </Text>
      )}
    </>
  );
}
