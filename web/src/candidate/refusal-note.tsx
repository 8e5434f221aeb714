import { Alert, Button, Text } from "@mantine/core";
import { IconUserQuestion } from "@tabler/icons-react";
import { useState } from "react";
import type { CandidateSession } from "../live/candidate-session";
import type { CandidateView } from "../live/candidate-state";

/** Why the last thing did not work, and what helps. */
export function RefusalNote({ view }: { view: Pick<CandidateView, "refusal"> }) {
  if (!view.refusal) return null;
  return (
    <Alert
      color="orange"
      title={view.refusal.message}
      role="alert"
      data-testid="photo-error"
      data-code={view.refusal.code}
    >
      {view.refusal.fix}
    </Alert>
  );
}

/** The way past a machine that does not understand: a person looks. */
export function AskProctor({ session, busy }: { session: CandidateSession; busy: boolean }) {
  const [asked, setAsked] = useState(false);
  const ask = async () => {
    setAsked(true);
    if (!(await session.askProctor(""))) setAsked(false);
  };
  return (
    <div>
      <Button
        variant="default"
        fullWidth
        loading={asked && busy}
        leftSection={<IconUserQuestion size={18} aria-hidden />}
        onClick={ask}
        data-testid="ask-proctor"
      >
        Send to the proctor anyway
      </Button>
      <Text size="sm" className="faint" mt={4}>
        A person looks instead of the computer. You can always choose this.
      </Text>
    </div>
  );
}
