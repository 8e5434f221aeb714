import { Button, Loader, Text } from "@mantine/core";
import { IconCircleCheck, IconCloudOff, IconDoorExit, IconLinkOff, IconWindow } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { ErrorBody } from "../api/types";
import { dayAndTime, timeZone } from "../time";
import type { StepProps } from "./app";
import css from "./candidate.module.css";
import { answerUntil, OwnIncidents, type OwnView, useOwnIncidents } from "./own-incidents";
import { StepTitle } from "./shell";
import { Reason } from "./stopped";

function Screen({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <section className={`panel ${css.card}`}>
      {icon}
      <StepTitle>{title}</StepTitle>
      {children}
    </section>
  );
}

export function LoadingScreen({ reachable }: { reachable: boolean }) {
  if (reachable) {
    return (
      <Screen icon={<Loader aria-hidden />} title="Opening your exam…">
        <Text role="status">This takes a moment.</Text>
      </Screen>
    );
  }
  return (
    <Screen icon={<IconCloudOff size={40} aria-hidden />} title="The server cannot be reached">
      <Text role="alert">
        This is a technical problem, not a mistake of yours. Please check your internet connection. We try
        again by ourselves; you can leave this page open.
      </Text>
    </Screen>
  );
}

export function UnknownLinkScreen() {
  return (
    <Screen icon={<IconLinkOff size={40} aria-hidden />} title="This link does not lead to an exam">
      <Text>
        Please check that the whole link was copied, or ask the people who sent it to you for a new one.
      </Text>
    </Screen>
  );
}

/** A link that is known and lets nobody in: why, and what to do. */
export function RefusedScreen({ refusal }: { refusal: ErrorBody | null }) {
  return (
    <div data-testid="link-refused" data-code={refusal?.code}>
      <Screen
        icon={<IconLinkOff size={40} aria-hidden />}
        title={refusal?.message ?? "This link lets nobody in"}
      >
        {refusal?.window && <Text mb="md">{windowWords(refusal.window)}</Text>}
        <Text>{refusal?.fix ?? "Please ask the people who sent it to you."}</Text>
      </Screen>
    </div>
  );
}

function windowWords({ opens_at, closes_at }: NonNullable<ErrorBody["window"]>): string {
  const from = opens_at ? `from ${dayAndTime(opens_at)} ` : "";
  return `It let you in ${from}until ${dayAndTime(closes_at)} (${timeZone()}).`;
}

export function TakenOverScreen({ standby, onContinue }: { standby: boolean; onContinue: () => void }) {
  return (
    <div data-testid="tab-taken-over">
      <Screen icon={<IconWindow size={40} aria-hidden />} title="This exam is open in another tab">
        <Text mb="lg">
          Only one tab can be used at a time. Nothing is lost: you can go on in the other tab. The camera of
          this tab is off.{" "}
          {standby
            ? "When you close the other tab, this one goes on by itself after a few seconds, with your camera."
            : "If you have closed it, press Continue here."}
        </Text>
        <Button size="md" onClick={onContinue} data-testid="continue-here">
          Continue here
        </Button>
      </Screen>
    </div>
  );
}

export function ClosedScreen({ session, view }: StepProps) {
  const own = useOwnIncidents(view.me && session);
  return (
    <div data-testid="session-closed">
      <Screen icon={<IconDoorExit size={40} aria-hidden />} title="This exam session is closed">
        <Reason text={view.me?.state_reason} />
        <Text>
          The proctor has ended it. Your camera and microphone are off. If you think that this is a mistake,
          please contact the people who invited you.
        </Text>
        {view.me ? <WhatNow own={own} /> : <Text mt="md">{CLOSE}</Text>}
      </Screen>
      {view.me && <OwnIncidents api={session.reader()} own={own} />}
    </div>
  );
}

const CLOSE = "You can close this page.";

/** Nobody is told to close a page on which there is something left to do. */
function WhatNow({ own: { list } }: { own: OwnView }) {
  if (!list) return null;
  const until = answerUntil(list);
  return (
    <Text mt="md" data-testid="what-now">
      {until
        ? `Below is what was noted during your exam. You may answer until ${dayAndTime(until)}. After that, or if you do not want to answer, you can close this page.`
        : CLOSE}
    </Text>
  );
}

export function FinishedScreen({ session, view }: StepProps) {
  const byProctor = view.me?.state_reason;
  const own = useOwnIncidents(session);
  return (
    <div data-testid="finished">
      {byProctor ? (
        <Screen icon={<IconDoorExit size={40} aria-hidden />} title="The proctor has ended your exam">
          <Reason text={byProctor} />
          <Text>
            Monitoring has ended and your camera and microphone are off. If you think that this is a mistake,
            please contact your exam office.
          </Text>
          <WhatNow own={own} />
        </Screen>
      ) : (
        <Screen
          icon={<IconCircleCheck size={40} color="var(--good)" aria-hidden />}
          title="You have finished"
        >
          <Text>Monitoring has ended and your camera and microphone are off. Thank you, and good luck.</Text>
          <WhatNow own={own} />
        </Screen>
      )}
      <OwnIncidents api={session.reader()} own={own} />
    </div>
  );
}
