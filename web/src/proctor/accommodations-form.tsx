import { Button, Checkbox, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { asApiError } from "../api/http";
import type { Accommodations, Candidate, IncidentKind } from "../api/types";
import { fieldErrors, useFieldErrors } from "../ui/field-errors";
import { KIND_WORDS } from "../words";
import { useConsole } from "./console-context";
import { showError } from "./notify";
import { WholeNumberInput } from "./whole-number-input";
import { type Range, readAll } from "./whole-numbers";

const CAN_BE_OFF: IncidentKind[] = ["multiple_faces", "no_face", "different_person", "not_recognised"];

type Numbers = "sampling_interval_s" | "extra_time_percent" | "breaks" | "break_minutes";

const RANGES: Record<Numbers, Range> = {
  sampling_interval_s: { min: 1, max: 300, unit: "seconds", optional: true },
  extra_time_percent: { min: 0, max: 300, unit: "%", optional: true },
  breaks: { min: 0, max: 20, unit: "breaks", optional: true },
  break_minutes: { min: 0, max: 120, unit: "minutes", optional: true },
};

/** What is arranged for one candidate. The reason is nobody's business here, so none is asked. */
export function AccommodationsForm({ candidate }: { candidate: Candidate }) {
  const { store } = useConsole();
  const { words, detectors_off } = candidate.accommodations;
  const [off, setOff] = useState<IncidentKind[]>(detectors_off);
  const [texts, setTexts] = useState(() => asTexts(candidate.accommodations));
  const { form, wrong, refuse, changed } = useFieldErrors();
  const [busy, setBusy] = useState(false);
  const field = (key: Numbers) => ({
    range: RANGES[key],
    value: texts[key],
    error: wrong[key],
    onChange: (text: string) => {
      setTexts({ ...texts, [key]: text });
      changed(RANGES); // What was said of the breaks may have been answered at their minutes.
    },
  });
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const numbers = readAll(RANGES, texts);
    if (!numbers) return refuse();
    setBusy(true);
    const sampling_interval_s = numbers.sampling_interval_s || null;
    try {
      await store.arrange(candidate.id, { ...numbers, sampling_interval_s, detectors_off: off });
    } catch (reason) {
      const fields = fieldErrors(asApiError(reason), Object.keys(RANGES));
      if (fields) refuse(fields);
      else showError(reason);
    }
    setBusy(false);
  };
  return (
    <form onSubmit={save} noValidate ref={form} data-testid="accommodations">
      <Stack gap="sm">
        <Text size="sm">
          The candidate reads all of this. It holds from the next picture on. Please write no reasons.
        </Text>
        <Checkbox.Group
          label="Do not report"
          value={off}
          onChange={(kinds) => setOff(kinds as IncidentKind[])}
        >
          <Stack gap={6} mt={6}>
            {CAN_BE_OFF.map((kind) => (
              <Checkbox key={kind} value={kind} label={KIND_WORDS[kind]} data-testid={`off-${kind}`} />
            ))}
          </Stack>
        </Checkbox.Group>
        <SimpleGrid cols={2} spacing="sm" style={{ alignItems: "end" }}>
          <WholeNumberInput
            label="A picture only every … s"
            placeholder="as usual"
            {...field("sampling_interval_s")}
            data-testid="arranged-interval"
          />
          <WholeNumberInput
            label="More time, in %"
            {...field("extra_time_percent")}
            data-testid="arranged-extra-time"
          />
          <WholeNumberInput label="Breaks allowed" {...field("breaks")} data-testid="arranged-breaks" />
          <WholeNumberInput
            label="Minutes of each"
            {...field("break_minutes")}
            data-testid="arranged-break-minutes"
          />
        </SimpleGrid>
        <Group>
          <Button type="submit" size="sm" loading={busy} data-testid="arranged-save">
            Save
          </Button>
          <Text size="sm" className="faint" role="status">
            {words.length > 0 ? words.join(" ") : "Nothing is arranged for this candidate."}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

function asTexts(arranged: Accommodations): Record<Numbers, string> {
  return {
    sampling_interval_s: String(arranged.sampling_interval_s ?? ""),
    extra_time_percent: String(arranged.extra_time_percent),
    breaks: String(arranged.breaks),
    break_minutes: String(arranged.break_minutes),
  };
}
