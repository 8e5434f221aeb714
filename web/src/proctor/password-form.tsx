import { Alert, Button, PasswordInput, Stack, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { signInByPassword } from "../api/access";
import { asApiError } from "../api/http";

/** For organisers with a password. `onIn`: signed in. */
export function PasswordForm({ onIn }: { onIn: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signInByPassword(name.trim(), password);
      onIn();
    } catch (reason) {
      const { message, fix } = asApiError(reason);
      setError([message, fix].filter(Boolean).join(" "));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <Title order={2} size="h4" mb="sm">
        Organisers with a password
      </Title>
      <Stack gap="sm" align="stretch" maw={360}>
        <TextInput
          label="Name"
          required
          autoComplete="username"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="password-name"
        />
        <PasswordInput
          label="Password"
          required
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": "Show or hide the password" }}
          data-testid="password-secret"
        />
        {error && (
          <Alert color="red" role="alert">
            {error}
          </Alert>
        )}
        <Button type="submit" loading={busy} data-testid="password-submit">
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
