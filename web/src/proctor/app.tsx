import { Skeleton, Stack } from "@mantine/core";
import type { ProctorAuth } from "../live/proctor-auth";
import { useStore } from "../ui/use-store";
import { ConsolePage } from "./console-page";
import { Frame } from "./frame";
import { ProctorInvitePage } from "./proctor-invite-page";
import { SessionsPage } from "./sessions-page";
import { SignInPage } from "./sign-in-page";

export function ProctorApp({ auth, path }: { auth: ProctorAuth; path: string }) {
  const { status, proctor } = useStore(auth.view);
  if (path === "/proctor-invite") return <ProctorInvitePage />;
  if (status === "checking") {
    return (
      <Frame>
        <Stack aria-busy="true" role="status" aria-label="Loading">
          <Skeleton height={36} width="40%" />
          <Skeleton height={120} />
          <Skeleton height={120} />
        </Stack>
      </Frame>
    );
  }
  if (status !== "in" || !proctor) return <SignInPage status={status} onRetry={() => void auth.check()} />;
  const sessionId = /^\/sessions\/([^/]+)/.exec(path)?.[1];
  return sessionId ? (
    <ConsolePage sessionId={sessionId} proctor={proctor} />
  ) : (
    <SessionsPage proctor={proctor} />
  );
}
