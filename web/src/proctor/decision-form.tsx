import { Button, Group, Text } from "@mantine/core";
import { type FormEvent, type KeyboardEvent, useRef, useState } from "react";
import type { Decision, Incident } from "../api/types";
import { usualReasons } from "../decision-reasons";
import { wouldPropose } from "../live/second-person";
import { DECISION_WORDS } from "../words";
import { useConsole, useConsoleView } from "./console-context";
import css from "./proctor.module.css";
import { ReasonField } from "./reason-field";

/** A decision always has a reason: one of the usual ones with a click, or the proctor's own words. */
export function DecisionForm({ incident, decision }: { incident: Incident; decision: Decision }) {
  const { ui, proctor } = useConsole();
  const { session } = useConsoleView();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const readByCandidate = (session?.own_incidents ?? "never") !== "never";
  const propose =
    decision === "confirmed" && wouldPropose(incident, proctor.person, session?.second_reviewer ?? false);
  const change = (next: string) => {
    setReason(next);
    setMissing(false);
  };
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!reason.trim()) {
      setMissing(true);
      field.current?.focus();
      return;
    }
    setBusy(true);
    await ui.decide(incident.id, decision, reason.trim());
    setBusy(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    ui.cancel();
  };
  return (
    <form onSubmit={save} onKeyDown={onKeyDown} className={css.decision}>
      <Text size="sm" fw={650} mb={4}>
        {propose ? "Propose: confirmed" : DECISION_WORDS[decision]} – why?
      </Text>
      <ReasonField
        label={readByCandidate ? "Reason, which the candidate will read" : "Reason"}
        presets={usualReasons(decision, incident.kind)}
        value={reason}
        onChange={change}
        error={missing ? "Choose a reason, or write one." : null}
        inputRef={field}
        testId="decision-reason"
      />
      <Group gap="xs" mt="xs">
        {/* Never disabled: a key that does nothing would not say what is missing. */}
        <Button type="submit" size="xs" loading={busy} data-testid="decision-save">
          Save
        </Button>
        <Button variant="default" size="xs" onClick={() => ui.cancel()}>
          Cancel
        </Button>
      </Group>
    </form>
  );
}
