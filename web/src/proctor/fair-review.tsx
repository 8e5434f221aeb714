import { Checkbox, Group, NativeSelect } from "@mantine/core";
import type { OwnIncidentsSetting } from "../api/types";
import type { FieldErrors } from "../ui/field-errors";
import { RANGES, type SessionForm } from "./session-form";
import { WholeNumberInput } from "./whole-number-input";

interface Props {
  form: SessionForm;
  change: (part: Partial<SessionForm>) => void;
  wrong: FieldErrors;
}

const WHEN: { value: OwnIncidentsSetting; label: string }[] = [
  { value: "never", label: "Never" },
  { value: "after_end", label: "When the exam is over for them" },
  { value: "after_review", label: "When people have decided about them" },
];

/** Who decides, and what candidates may see and say afterwards. */
export function FairReview({ form, change, wrong }: Props) {
  return (
    <>
      <Checkbox
        mt="md"
        label="An incident is confirmed only when two people agree"
        checked={form.second_reviewer}
        onChange={(event) => change({ second_reviewer: event.currentTarget.checked })}
        data-testid="session-second-reviewer"
      />
      <Group mt="md" align="flex-start" grow preventGrowOverflow={false}>
        <NativeSelect
          label="Candidates see their own incidents"
          value={form.own_incidents}
          onChange={(event) => change({ own_incidents: event.currentTarget.value as OwnIncidentsSetting })}
          data={WHEN}
          data-testid="session-own-incidents"
        />
        {form.own_incidents !== "never" && (
          <WholeNumberInput
            label="They may answer for … days"
            range={RANGES.answer_days}
            value={form.answer_days}
            error={wrong.answer_days}
            onChange={(answer_days) => change({ answer_days })}
            data-testid="session-answer-days"
          />
        )}
      </Group>
    </>
  );
}
