import { Alert, Button, Checkbox, List, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { StepProps } from "./app";
import css from "./candidate.module.css";
import { StepTitle } from "./shell";

export function WelcomeStep({ session, view }: StepProps) {
  const [name, setName] = useState("");
  const [agreed, setAgreed] = useState(false);
  const [tried, setTried] = useState(false);
  const { join } = view;
  if (!join) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() && agreed) void session.join(name.trim());
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
      <TextInput
        label="Your full name"
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
      <Checkbox
        label="I have read this and I agree"
        size="md"
        mb="lg"
        checked={agreed}
        error={tried && !agreed ? "Please agree, or ask the people who invited you for another way." : null}
        onChange={(event) => setAgreed(event.currentTarget.checked)}
        data-testid="join-consent"
      />
      {view.refusal && (
        <Alert color="red" title={view.refusal.message} mb="md" role="alert">
          {view.refusal.fix}
        </Alert>
      )}
      <Button type="submit" size="md" fullWidth loading={view.busy} data-testid="join-accept">
        Accept and continue
      </Button>
      <Text size="sm" className="faint" mt="sm">
        Next: camera and microphone. Nothing is recorded before you accept.
      </Text>
    </form>
  );
}
