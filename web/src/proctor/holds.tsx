import { Alert, Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type FormEvent, useCallback, useEffect, useState } from "react";
import { asApiError } from "../api/http";
import { listHolds, releaseHold, setHold } from "../api/keeping";
import type { Candidate, Hold } from "../api/types";
import { dayAndTime } from "../time";
import { useConsole, useConsoleView } from "./console-context";
import { EraseCandidate } from "./erase-candidate";
import { showError } from "./notify";
import css from "./proctor.module.css";

/** What is kept of a candidate against the clock, and what can be deleted before it. For organisers. */
export function Keeping({ candidate }: { candidate: Candidate }) {
  const { store } = useConsole();
  const count = useConsoleView().session?.holds;
  const [holds, setHolds] = useState<Hold[] | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const load = useCallback(
    () =>
      listHolds(store.sessionId).then(
        (answer) => {
          setHolds(answer.holds.filter(({ candidate_id }) => [null, candidate.id].includes(candidate_id)));
          setFailed(null);
        },
        (reason) => setFailed(asApiError(reason).message),
      ),
    [store, candidate.id],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a colleague has set or released one
  useEffect(() => void load(), [load, count]);
  if (failed) {
    return (
      <Alert color="red" role="alert" title="The legal holds could not be loaded">
        {failed}{" "}
        <Button variant="default" size="compact-sm" onClick={load}>
          Try again
        </Button>
      </Alert>
    );
  }
  if (!holds) return <Text role="status">Loading…</Text>;
  return (
    <Stack gap="lg" data-testid="keeping">
      <section aria-labelledby="holds-title">
        <Title order={3} size="h5" id="holds-title" mb={4}>
          Legal hold
        </Title>
        <Text size="sm" mb="sm">
          While a hold is set, nothing of {candidate.name} is deleted, neither by the days of retention nor by
          hand.
        </Text>
        {holds.length > 0 && (
          <ul className={css.holds} aria-label="Holds that are set">
            {holds.map((hold) => (
              <HoldRow key={hold.id} hold={hold} onChange={load} />
            ))}
          </ul>
        )}
        <NewHold candidate={candidate} onChange={load} />
      </section>
      <EraseCandidate candidate={candidate} held={holds.length > 0} />
    </Stack>
  );
}

function HoldRow({ hold, onChange }: { hold: Hold; onChange: () => Promise<void> }) {
  const [sure, ask] = useDisclosure(false);
  const [busy, setBusy] = useState(false);
  const release = async () => {
    setBusy(true);
    await releaseHold(hold.id).then(onChange, showError);
    setBusy(false);
  };
  return (
    <li data-testid="hold" data-of={hold.candidate_id ? "candidate" : "session"}>
      <div className={css.grow}>
        <Text size="sm">{hold.reason}</Text>
        <Text size="xs" className="faint">
          {hold.candidate_id ? "Set" : "Of the whole session, set"} {dayAndTime(hold.set_at)}
        </Text>
      </div>
      {sure ? (
        <Group gap="xs">
          <Button variant="default" size="xs" onClick={ask.close} data-autofocus>
            Keep it
          </Button>
          <Button color="red" size="xs" loading={busy} onClick={release} data-testid="hold-release-confirm">
            {hold.candidate_id ? "Release now" : "Release for the whole session"}
          </Button>
        </Group>
      ) : (
        <Button variant="default" size="xs" onClick={ask.open} data-testid="hold-release">
          Release
        </Button>
      )}
    </li>
  );
}

function NewHold({ candidate, onChange }: { candidate: Candidate; onChange: () => Promise<void> }) {
  const { store } = useConsole();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    await setHold(store.sessionId, candidate.id, reason.trim()).then(() => {
      setReason("");
      return onChange();
    }, showError);
    setBusy(false);
  };
  return (
    <form onSubmit={save}>
      <Group align="flex-end" gap="xs">
        <TextInput
          className={css.grow}
          miw={200}
          label="Reason"
          placeholder="Appeal 12 / 2026"
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-testid="hold-reason"
        />
        <Button type="submit" loading={busy} disabled={!reason.trim()} data-testid="hold-set">
          Set hold
        </Button>
      </Group>
    </form>
  );
}
