import { Button, Checkbox, Group, NumberInput, SimpleGrid, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Candidate, IncidentKind, NewAccommodations } from "../api/types";
import { KIND_WORDS } from "../words";
import { useConsole } from "./console-context";
import { showError } from "./notify";

const CAN_BE_OFF: IncidentKind[] = ["multiple_faces", "no_face", "different_person", "not_recognised"];

/** What is arranged for one candidate. The reason is nobody's business here, so none is asked. */
export function AccommodationsForm({ candidate }: { candidate: Candidate }) {
  const { store } = useConsole();
  const { words, ...arranged } = candidate.accommodations;
  const [form, setForm] = useState<NewAccommodations>(arranged);
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<NewAccommodations>) => setForm({ ...form, ...part });
  const number = (value: string | number) => Number(value) || 0;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    await store.arrange(candidate.id, form).catch(showError);
    setBusy(false);
  };
  return (
    <form onSubmit={save} data-testid="accommodations">
      <Stack gap="sm">
        <Text size="sm">
          The candidate reads all of this. It holds from the next picture on. Please write no reasons.
        </Text>
        <Checkbox.Group
          label="Do not report"
          value={form.detectors_off ?? []}
          onChange={(kinds) => change({ detectors_off: kinds as IncidentKind[] })}
        >
          <Stack gap={6} mt={6}>
            {CAN_BE_OFF.map((kind) => (
              <Checkbox key={kind} value={kind} label={KIND_WORDS[kind]} data-testid={`off-${kind}`} />
            ))}
          </Stack>
        </Checkbox.Group>
        <SimpleGrid cols={2} spacing="sm" style={{ alignItems: "end" }}>
          <NumberInput
            label="A picture only every … s"
            placeholder="as usual"
            min={1}
            max={300}
            value={form.sampling_interval_s ?? ""}
            onChange={(value) => change({ sampling_interval_s: number(value) || null })}
            data-testid="arranged-interval"
          />
          <NumberInput
            label="More time, in %"
            min={0}
            max={300}
            value={form.extra_time_percent}
            onChange={(value) => change({ extra_time_percent: number(value) })}
            data-testid="arranged-extra-time"
          />
          <NumberInput
            label="Breaks allowed"
            min={0}
            max={20}
            value={form.breaks}
            onChange={(value) => change({ breaks: number(value) })}
            data-testid="arranged-breaks"
          />
          <NumberInput
            label="Minutes of each"
            min={0}
            max={120}
            value={form.break_minutes}
            onChange={(value) => change({ break_minutes: number(value) })}
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
