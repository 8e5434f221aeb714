import { Button, Group, Text, TextInput } from "@mantine/core";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import type { Decision, Incident } from "../api/types";
import { DECISION_WORDS, REASON_PRESETS } from "../words";
import { useConsole } from "./console-context";
import css from "./proctor.module.css";

/** A decision always has a reason: one of the usual ones with a click, or the proctor's own words. */
export function DecisionForm({ incident, decision }: { incident: Incident; decision: Decision }) {
  const { ui } = useConsole();
  const [reason, setReason] = useState(REASON_PRESETS[decision][0] ?? "");
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!reason.trim()) return;
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
        {DECISION_WORDS[decision]} – why?
      </Text>
      <fieldset className={css.chips}>
        <legend className="visually-hidden">Usual reasons</legend>
        {REASON_PRESETS[decision].map((preset) => (
          <button
            type="button"
            key={preset}
            className={css.chip}
            aria-pressed={reason === preset}
            onClick={() => setReason(preset)}
          >
            {preset}
          </button>
        ))}
      </fieldset>
      <TextInput
        aria-label="Reason"
        maxLength={500}
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-testid="decision-reason"
      />
      <Group gap="xs" mt="xs">
        <Button type="submit" size="xs" loading={busy} disabled={!reason.trim()} data-testid="decision-save">
          Save
        </Button>
        <Button variant="default" size="xs" onClick={() => ui.cancel()}>
          Cancel
        </Button>
      </Group>
    </form>
  );
}
