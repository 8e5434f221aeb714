import { Button, Code, List, Text, Title } from "@mantine/core";
import { useEffect } from "react";
import type { AuthView } from "../live/proctor-auth";
import { Frame } from "./frame";
import css from "./proctor.module.css";

const TITLE = {
  link_used: "This sign-in link was used already",
  unreachable: "The server cannot be reached",
  out: "Sign in",
};

export function SignInPage({ status, onRetry }: { status: AuthView["status"]; onRetry: () => void }) {
  const title = status === "link_used" || status === "unreachable" ? TITLE[status] : TITLE.out;
  useEffect(() => {
    document.title = `${title} – Invigil`;
  }, [title]);
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
          <HowToSignIn used={status === "link_used"} />
        )}
      </section>
    </Frame>
  );
}

function HowToSignIn({ used }: { used: boolean }) {
  return (
    <>
      <Text mb="sm">
        {used
          ? "Each link works once. Ask the server for a new one:"
          : "There is no password. The server gives you a link that signs this browser in:"}
      </Text>
      <List type="ordered" spacing="xs">
        <List.Item>Go to the terminal in which the server was started.</List.Item>
        <List.Item>
          Open the address that it printed. It looks like <Code>{`${window.location.origin}/?token=…`}</Code>
        </List.Item>
        <List.Item>
          The link works once and for this browser only. Starting the server again prints a new one.
        </List.Item>
      </List>
      <Text mt="md" className="faint" size="sm">
        You are a candidate? Please use the join link that you were sent.
      </Text>
    </>
  );
}
