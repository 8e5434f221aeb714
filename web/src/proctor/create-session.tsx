import { Alert, Button, Checkbox, Collapse, Group, NativeSelect, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type FormEvent, useEffect, useState } from "react";
import { asApiError } from "../api/http";
import { createSession, listMedia } from "../api/proctor";
import type { ExamSession, MediaProviders } from "../api/types";
import { PROVIDER_WORDS } from "../provider-words";
import { fieldErrors, useFieldErrors } from "../ui/field-errors";
import { FairReview } from "./fair-review";
import css from "./proctor.module.css";
import { BLANK, RANGES, readNumbers, type SessionForm } from "./session-form";
import { WholeNumberInput } from "./whole-number-input";

/** Fields that show what is wrong with them. */
const SHOWN = ["title", "exam_url", "provider", ...Object.keys(RANGES)];

export function CreateSession({ onCreated }: { onCreated: (session: ExamSession) => void }) {
  const [form, setForm] = useState(BLANK);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const { form: page, wrong, refuse, changed } = useFieldErrors();
  const [more, toggle] = useDisclosure(false);
  const media = useMedia();
  const change = (part: Partial<SessionForm>) => {
    setForm({ ...form, ...part });
    changed(part);
  };
  const numbers = readNumbers(form);
  // What is wrong must not be folded away.
  const shown = more || numbers === null || Object.keys(wrong).some((name) => name !== "title");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    if (!form.title.trim()) return refuse({ title: "Please give the session a title." });
    if (!numbers) return refuse();
    setBusy(true);
    try {
      onCreated(
        await createSession({
          ...form,
          ...numbers,
          title: form.title.trim(),
          exam_url: form.exam_url?.trim() || null,
        }),
      );
      setForm(BLANK);
    } catch (reason) {
      const refusal = asApiError(reason);
      const fields = fieldErrors(refusal, SHOWN);
      if (fields) refuse(fields);
      else setError([refusal.message, refusal.fix].filter(Boolean).join(" "));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={`panel ${css.form}`} onSubmit={submit} noValidate ref={page}>
      <Title order={2} size="h4" mb="sm">
        New exam session
      </Title>
      <Group align="flex-end">
        <TextInput
          className={css.grow}
          label="Title"
          placeholder="Mathematics, final exam"
          maxLength={200}
          value={form.title}
          error={wrong.title}
          inputWrapperOrder={["label", "error", "input"]}
          onChange={(event) => change({ title: event.currentTarget.value })}
          data-testid="session-title"
        />
        <Button type="submit" loading={busy} data-testid="session-create">
          Create
        </Button>
      </Group>
      <Button
        variant="transparent"
        size="compact-sm"
        mt="xs"
        px={0}
        onClick={toggle.toggle}
        aria-expanded={shown}
        c="var(--calm)"
      >
        {shown ? "Fewer settings" : "More settings"}
      </Button>
      <Collapse expanded={shown}>
        <Group mt="xs" align="flex-start" grow preventGrowOverflow={false}>
          <WholeNumberInput
            label="A picture every … seconds"
            range={RANGES.sampling_interval_s}
            value={form.sampling_interval_s}
            error={wrong.sampling_interval_s}
            onChange={(sampling_interval_s) => change({ sampling_interval_s })}
            data-testid="session-interval"
          />
          <WholeNumberInput
            label="Keep pictures for … days"
            range={RANGES.retention_days}
            value={form.retention_days}
            error={wrong.retention_days}
            onChange={(retention_days) => change({ retention_days })}
            data-testid="session-retention"
          />
          <TextInput
            label="Address of the exam (optional)"
            placeholder="https://exam.example.org/…"
            type="url"
            value={form.exam_url ?? ""}
            error={wrong.exam_url}
            onChange={(event) => change({ exam_url: event.currentTarget.value })}
            data-testid="session-exam-url"
          />
          {media && media.providers.length > 1 && (
            <NativeSelect
              label="Live video"
              value={form.provider ?? media.default}
              error={wrong.provider}
              onChange={(event) => change({ provider: event.currentTarget.value })}
              data={media.providers.map(({ id }) => ({ value: id, label: PROVIDER_WORDS[id] ?? id }))}
              data-testid="session-provider"
            />
          )}
        </Group>
        <FairReview form={form} change={change} wrong={wrong} />
        <Checkbox
          mt="sm"
          label="Offer face comparison by software"
          description="Each candidate chooses: software, or a proctor by eye. Without it only the presence of faces is looked at."
          checked={form.face_matching}
          onChange={(event) => change({ face_matching: event.currentTarget.checked })}
          data-testid="session-matching"
        />
        <Checkbox
          mt="sm"
          label="Only people with a personal invitation"
          description="The join link then lets nobody in. Import the list of candidates in the console."
          checked={form.invited_only}
          onChange={(event) => change({ invited_only: event.currentTarget.checked })}
          data-testid="session-invited-only"
        />
        <Checkbox
          mt="sm"
          label="Report pictures that repeat"
          description="Turn this off only where cameras play a recording, as in a rehearsal."
          checked={form.report_repeats}
          onChange={(event) => change({ report_repeats: event.currentTarget.checked })}
          data-testid="session-repeats"
        />
      </Collapse>
      {error && (
        <Alert color="red" role="alert" mt="sm">
          {error}
        </Alert>
      )}
    </form>
  );
}

/** Who can carry live video. Unknown means no choice, and the server's own. */
function useMedia(): MediaProviders | null {
  const [media, setMedia] = useState<MediaProviders | null>(null);
  useEffect(() => {
    listMedia().then(setMedia, () => setMedia(null));
  }, []);
  return media;
}
