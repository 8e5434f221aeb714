import {
  Alert,
  Button,
  Checkbox,
  Collapse,
  Group,
  NativeSelect,
  NumberInput,
  TextInput,
  Title,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type FormEvent, useEffect, useState } from "react";
import { asApiError } from "../api/http";
import { createSession, listMedia } from "../api/proctor";
import type { ExamSession, MediaProviders, NewSession } from "../api/types";
import { PROVIDER_WORDS } from "../words";
import { FairReview } from "./fair-review";
import css from "./proctor.module.css";

const BLANK: NewSession = {
  title: "",
  sampling_interval_s: 5,
  retention_days: 30,
  exam_url: null,
  report_repeats: true,
  provider: null,
  second_reviewer: false,
  own_incidents: "never",
  answer_days: 7,
  invited_only: false,
  face_matching: true,
};

export function CreateSession({ onCreated }: { onCreated: (session: ExamSession) => void }) {
  const [form, setForm] = useState(BLANK);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [more, toggle] = useDisclosure(false);
  const media = useMedia();
  const change = (part: Partial<NewSession>) => setForm({ ...form, ...part });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!form.title.trim()) {
      setError("Please give the session a title.");
      return;
    }
    setBusy(true);
    setError(null);
    try {
      onCreated(
        await createSession({ ...form, title: form.title.trim(), exam_url: form.exam_url?.trim() || null }),
      );
      setForm(BLANK);
    } catch (reason) {
      const { message, fix } = asApiError(reason);
      setError([message, fix].filter(Boolean).join(" "));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={`panel ${css.form}`} onSubmit={submit} noValidate>
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
        aria-expanded={more}
        c="var(--calm)"
      >
        {more ? "Fewer settings" : "More settings"}
      </Button>
      <Collapse expanded={more}>
        <Group mt="xs" align="flex-start" grow preventGrowOverflow={false}>
          <NumberInput
            label="A picture every … seconds"
            min={1}
            max={60}
            value={form.sampling_interval_s}
            onChange={(value) => change({ sampling_interval_s: Number(value) || 5 })}
            data-testid="session-interval"
          />
          <NumberInput
            label="Keep pictures for … days"
            min={1}
            max={365}
            value={form.retention_days}
            onChange={(value) => change({ retention_days: Number(value) || 30 })}
            data-testid="session-retention"
          />
          <TextInput
            label="Address of the exam (optional)"
            placeholder="https://exam.example.org/…"
            type="url"
            value={form.exam_url ?? ""}
            onChange={(event) => change({ exam_url: event.currentTarget.value })}
            data-testid="session-exam-url"
          />
          {media && media.providers.length > 1 && (
            <NativeSelect
              label="Live video"
              value={form.provider ?? media.default}
              onChange={(event) => change({ provider: event.currentTarget.value })}
              data={media.providers.map(({ id }) => ({ value: id, label: PROVIDER_WORDS[id] ?? id }))}
              data-testid="session-provider"
            />
          )}
        </Group>
        <FairReview form={form} change={change} />
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
