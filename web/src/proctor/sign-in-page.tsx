import { Alert, Button, Code, Divider, List, Text, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import { waysToSignIn } from "../api/access";
import type { AuthView } from "../live/proctor-auth";
import { Frame } from "./frame";
import { PasswordForm } from "./password-form";
import css from "./proctor.module.css";

const TITLE: Partial<Record<AuthView["status"], string>> = {
  link_used: "This sign-in link was used already",
  link_unknown: "This sign-in link does not work",
  unreachable: "The server cannot be reached",
};

const WHY: Partial<Record<AuthView["status"], string>> = {
  link_used: "Each link works once. Ask the server for a new one:",
  link_unknown: "It is too old, or was not copied whole. Copy all of it, or ask the server for a new one:",
};

export function SignInPage({ status, onRetry }: { status: AuthView["status"]; onRetry: () => void }) {
  const title = TITLE[status] ?? "Sign in";
  useEffect(() => {
    document.title = `${title} – Invigil`;
  }, [title]);
  const ways = useWays();
  return (
    <Frame>
      <section className={`panel ${css.form}`} data-testid="sign-in" data-status={status}>
        <Title order={1} size="h2" mb="sm">
          {title}
        </Title>
        {status === "unreachable" ? (
          <>
            <Text mb="md" role="alert">
              Please check that the server runs and that this computer is connected.
            </Text>
            <Button onClick={onRetry}>Try again</Button>
          </>
        ) : (
          <>
            <OidcNote />
            {ways.oidc && (
              <Button component="a" href="/api/v1/sign-in/oidc" mb="lg" data-testid="sign-in-oidc">
                Sign in with your {ways.oidc}
              </Button>
            )}
            {ways.password && <PasswordForm onIn={onRetry} />}
            <HowToSignIn why={WHY[status]} others={ways.password || ways.oidc !== null} />
          </>
        )}
      </section>
    </Frame>
  );
}

const BY_LINK_ONLY = { password: false, oidc: null as string | null };

/** How people can sign in besides the server's link; unknown means by the link only. */
function useWays() {
  const [ways, setWays] = useState(BY_LINK_ONLY);
  useEffect(() => {
    waysToSignIn().then(setWays, () => setWays(BY_LINK_ONLY));
  }, []);
  return ways;
}

const OIDC_WORDS: Record<string, string> = {
  oidc_refused: "Signing in with that account did not work. Please try again.",
  oidc_not_allowed:
    "Your account is known, but not as that of an organiser of exams here. Ask whoever runs the server to let your address or group in.",
  oidc_unavailable:
    "The server that knows the accounts cannot be reached right now. Please try again in a moment.",
};

/** Why the way over the provider of accounts ended here again. */
function OidcNote() {
  const [code] = useState(() => new URLSearchParams(window.location.search).get("sign_in") ?? "");
  const words = OIDC_WORDS[code];
  if (!words) return null;
  return (
    <Alert color="red" role="alert" mb="md">
      {words}
    </Alert>
  );
}

function HowToSignIn({ why, others }: { why: string | undefined; others: boolean }) {
  return (
    <>
      {others && <Divider my="lg" label="or by the server's own link" />}
      <Text mb="sm">{why ?? "The server gives you a link that signs this browser in as an organiser:"}</Text>
      <List type="ordered" spacing="xs">
        {why || others ? (
          <List.Item>
            In a terminal of the server, run <Code>invigil sign-in-link</Code>. It works while the server
            runs.{!others && " (Starting the server again prints a new link, too.)"}
          </List.Item>
        ) : (
          <List.Item>
            Go to the terminal in which the server was started, or run <Code>invigil sign-in-link</Code> in
            another terminal of the server.
          </List.Item>
        )}
        <List.Item>
          Open the address that it printed. It looks like <Code>{`${window.location.origin}/?token=…`}</Code>
        </List.Item>
        <List.Item>The link works once and for this browser only.</List.Item>
      </List>
      <Text mt="md" className="faint" size="sm">
        You were invited as a proctor? Please use the link that you were sent, or ask for a new one.
      </Text>
      <Text className="faint" size="sm">
        You are a candidate? Please use the join link that you were sent.
      </Text>
    </>
  );
}
