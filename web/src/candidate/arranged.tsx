import { Button, Group, List, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { StepProps } from "./app";
import css from "./candidate.module.css";

/** What is arranged for this candidate, in the words of the server. */
export function Arranged({ words }: { words: string[] }) {
  if (words.length === 0) return null;
  return (
    <section aria-labelledby="arranged-title" data-testid="arranged">
      <Title order={2} size="h5" id="arranged-title">
        Arranged for you
      </Title>
      <List size="sm">
        {words.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </section>
  );
}

/** The consent to face comparison can be taken back as easily as it was given. */
export function Comparison({ session, view }: StepProps) {
  const [sure, setSure] = useState(false);
  // Without features of the face there is nothing to compare with, and nothing to stop.
  if (!view.me?.face_compared) {
    return (
      <Text size="sm" className="faint" data-testid="by-eye">
        A proctor checks by eye that it is you. Your face is not compared by software.
      </Text>
    );
  }
  if (!sure) {
    return (
      <Group>
        <Button variant="default" size="xs" onClick={() => setSure(true)} data-testid="stop-comparing">
          Stop comparing my face
        </Button>
      </Group>
    );
  }
  return (
    <fieldset className={`panel ${css.card}`} aria-label="Stop comparing my face">
      <Text mb="sm">
        The features of your face are deleted at once, and a proctor checks by eye from then on. Your exam
        goes on as before; this does not count against you. The comparison cannot be turned on again.
      </Text>
      <Group>
        <Button
          loading={view.busy}
          onClick={() => void session.stopComparing()}
          data-testid="stop-comparing-confirm"
        >
          Stop comparing
        </Button>
        <Button variant="default" onClick={() => setSure(false)}>
          Leave it on
        </Button>
      </Group>
    </fieldset>
  );
}
