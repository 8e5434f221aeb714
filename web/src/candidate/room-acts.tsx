import { Button, Group, Text } from "@mantine/core";
import { IconArmchair, IconPlayerPause } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError } from "../api/http";
import type { ErrorBody } from "../api/types";
import type { CandidateView } from "../live/candidate-state";
import { useNow } from "../ui/use-now";
import type { StepProps } from "./app";
import css from "./candidate.module.css";
import { RefusalNote } from "./refusal-note";

/** How long what was asked stands before it can be asked again. */
const ASKED_MS = 60_000;

const answersIn = ({ me }: CandidateView) =>
  me?.messages.filter(({ from }) => from === "proctor").length ?? 0;

interface Asking {
  label: string;
  Icon: typeof IconPlayerPause;
  /** What the proctor reads. */
  text: string;
  asked: string;
  testId: string;
}

/** A pause is a proctor's to give: this is the question for it. It can be put again later. */
export function AskForBreak(props: StepProps) {
  return (
    <AskProctor
      {...props}
      label="Ask for a break"
      Icon={IconPlayerPause}
      text="I would like to take a break, please."
      asked="The proctor has been asked. Please go on until the exam is paused."
      testId="ask-break"
    />
  );
}

/** Nobody looks during a pause, so only the candidate can say that it may end. */
export function SayBack(props: StepProps) {
  return (
    <AskProctor
      {...props}
      label="I am back"
      Icon={IconArmchair}
      text="I am back at my desk."
      asked="The proctor has been told. Your camera goes on again when the proctor ends the pause."
      testId="say-back"
    />
  );
}

/** A ready message at the press of a button. */
function AskProctor({ session, view, label, Icon, text, asked: askedWords, testId }: StepProps & Asking) {
  const now = useNow();
  const answers = answersIn(view);
  const [asked, setAsked] = useState<{ at: number; answers: number } | null>(null);
  const [refusal, setRefusal] = useState<ErrorBody | null>(null);
  const waits = asked !== null && asked.answers === answers && now - asked.at < ASKED_MS;
  const ask = () => {
    setRefusal(null);
    session.say(text).then(
      () => setAsked({ at: Date.now(), answers }),
      (reason) => {
        const { code, message, fix } = asApiError(reason);
        setRefusal({ code, message, fix: fix ?? "" });
      },
    );
  };
  return (
    <>
      <Group gap="sm">
        <Button
          variant="default"
          disabled={waits}
          leftSection={<Icon size={18} aria-hidden />}
          onClick={ask}
          data-testid={testId}
        >
          {label}
        </Button>
        <Text size="sm" className="faint" role="status">
          {waits && askedWords}
        </Text>
      </Group>
      <RefusalNote view={{ refusal }} />
    </>
  );
}

export function Finish({ session, view }: StepProps) {
  const [sure, setSure] = useState(false);
  if (!sure) {
    return (
      <Group>
        <Button variant="default" onClick={() => setSure(true)} data-testid="finish">
          I have finished the exam
        </Button>
      </Group>
    );
  }
  return (
    <fieldset className={`panel ${css.card}`} aria-label="Finish the exam">
      <Text mb="sm">
        <strong>Have you handed in your work?</strong> When you finish, monitoring ends and you cannot come
        back by yourself.
      </Text>
      <Group>
        <Button
          color="red"
          loading={view.busy}
          onClick={() => void session.finish()}
          data-testid="finish-confirm"
        >
          Yes, finish now
        </Button>
        <Button variant="default" onClick={() => setSure(false)}>
          No, go on
        </Button>
      </Group>
    </fieldset>
  );
}
