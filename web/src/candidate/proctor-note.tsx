import { Alert, Button, Group } from "@mantine/core";
import { IconMessage } from "@tabler/icons-react";
import { useState } from "react";
import type { CandidateView } from "../live/candidate-state";

/** The newest words of the proctor, until they have been read. */
export function ProctorNote({ view, onAnswer }: { view: CandidateView; onAnswer: () => void }) {
  const [read, setRead] = useState<string | null>(null);
  const newest = view.me?.messages.findLast(({ from }) => from !== "candidate");
  const show = newest && newest.id !== read;
  return (
    <div aria-live="polite">
      {show && (
        <Alert
          mb="md"
          color={newest.kind === "warning" ? "orange" : "blue"}
          icon={<IconMessage aria-hidden />}
          title={newest.from === "system" ? "Please note" : "From the proctor"}
        >
          {newest.text}
          <Group mt="sm" gap="xs">
            <Button size="xs" variant="default" onClick={() => setRead(newest.id)}>
              I have read this
            </Button>
            <Button size="xs" variant="default" onClick={onAnswer}>
              Answer
            </Button>
          </Group>
        </Alert>
      )}
    </div>
  );
}
