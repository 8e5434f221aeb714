import { Alert, Button, Checkbox, List, Radio, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { JoinInfo } from "../api/types";
import { dayAndTime } from "../time";
import { useNow } from "../ui/use-now";
import type { StepProps } from "./app";
import css from "./candidate.module.css";
import { StepTitle } from "./shell";

type Way = "software" | "proctor";

export function WelcomeStep({ session, view }: StepProps) {
  const [name, setName] = useState("");
  const [agreed, setAgreed] = useState(false);
  const [way, setWay] = useState<Way | null>(null);
  const [tried, setTried] = useState(false);
  const now = useNow();
  const { join } = view;
  if (!join) return null;
  const { invite } = join;
  const asks = join.session.face_matching && !invite?.resumes;
  const early = invite?.opens_at && Date.parse(invite.opens_at) > now;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setTried(true);
    const missing = [
      !invite && !name.trim() && "candidate-name",
      asks && !way && "way",
      !agreed && "agreed",
    ].find(Boolean);
    // The button is at the end of a long page, and what is missing may be far above it.
    if (missing) event.currentTarget.querySelector<HTMLElement>(`[name="${missing}"]`)?.focus();
    else void session.join(invite ? null : name.trim(), asks && way === "software");
  };
  return (
    <form className={`panel ${css.card}`} onSubmit={submit} noValidate>
      <StepTitle>{join.session.title}</StepTitle>
      <Text mb="md">
        This exam is supervised by a person. Please read this before you start. Your camera is still off.
      </Text>
      <List spacing="xs" mb="lg" data-testid="consent-text">
        {join.consent.text.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
      {invite ? (
        <Invited invite={invite} early={Boolean(early)} />
      ) : (
        <TextInput
          label="Your full name"
          name="candidate-name"
          description="As the people who run the exam know you."
          autoComplete="name"
          size="md"
          mb="md"
          maxLength={200}
          required
          value={name}
          error={tried && !name.trim() ? "Please enter your name." : null}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="join-name"
        />
      )}
      {asks && <Choice way={way} onChoose={setWay} missing={tried && !way} />}
      <Checkbox
        label="I have read this and I agree"
        name="agreed"
        size="md"
        mb="lg"
        checked={agreed}
        aria-invalid={(tried && !agreed) || undefined}
        error={tried && !agreed ? "Please agree, or ask the people who invited you for another way." : null}
        onChange={(event) => setAgreed(event.currentTarget.checked)}
        data-testid="join-consent"
      />
      {view.refusal && (
        <Alert color="red" title={view.refusal.message} mb="md" role="alert">
          {view.refusal.fix}
        </Alert>
      )}
      <Button
        type="submit"
        size="md"
        fullWidth
        loading={view.busy}
        disabled={Boolean(early)}
        data-testid="join-accept"
      >
        Accept and continue
      </Button>
      <Text size="sm" className="faint" mt="sm">
        Next: camera and microphone. Nothing is recorded before you accept.
      </Text>
    </form>
  );
}

interface ChoiceProps {
  way: Way | null;
  onChoose: (way: Way) => void;
  missing: boolean;
}

/** Two ways of the same worth: nothing is chosen beforehand, and neither stands out. */
function Choice({ way, onChoose, missing }: ChoiceProps) {
  return (
    <Radio.Group
      label="How shall we check that it is you?"
      name="way"
      description="Choose freely. Both lead into the same exam."
      size="md"
      mb="lg"
      value={way}
      onChange={(chosen) => onChoose(chosen as Way)}
      error={missing ? "Please choose one of the two." : null}
      data-testid="join-choice"
    >
      <Stack gap="xs" mt="xs">
        <Radio
          value="proctor"
          label="A proctor compares my photo with my camera picture by eye"
          data-testid="choose-proctor"
        />
        <Radio
          value="software"
          label="Software compares my face with my photo"
          data-testid="choose-software"
        />
      </Stack>
    </Radio.Group>
  );
}

function Invited({ invite, early }: { invite: NonNullable<JoinInfo["invite"]>; early: boolean }) {
  return (
    <>
      <Text mb="md" data-testid="invited-name">
        This is the personal invitation of <strong>{invite.name}</strong>. It lets one person in once: do not
        pass it on.
      </Text>
      {early && invite.opens_at && (
        <Alert color="blue" title={`You can join from ${dayAndTime(invite.opens_at)}`} mb="md">
          Please come back to this page then. Your invitation stays as it is.
        </Alert>
      )}
    </>
  );
}
