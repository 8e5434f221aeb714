import { Button, Group, Text } from "@mantine/core";
import { IconDoorEnter, IconPlayerPause, IconPlayerPlay, IconSquare, IconUserOff } from "@tabler/icons-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { ActKind, Candidate } from "../api/types";
import { randomUuid } from "../live/ids";
import { Dialog } from "../ui/dialog";
import { BreakFacts } from "./break-facts";
import { useConsole, useConsoleView } from "./console-context";
import { showError } from "./notify";
import { ReasonField } from "./reason-field";

interface Choice {
  label: string;
  Icon: typeof IconPlayerPause;
  title: (name: string) => string;
  text: string;
  presets: string[];
  /** What stops is explained on the candidate's page; what goes on is not. */
  unread?: boolean;
  red?: boolean;
}

const CHOICES: Record<ActKind, Choice> = {
  pause: {
    label: "Pause",
    Icon: IconPlayerPause,
    title: (name) => `Pause monitoring of ${name}?`,
    text: "Camera and pictures stop, open incidents are closed, and the time is not counted against the candidate. The exam's own clock is not ours to stop.",
    presets: ["A break, as you asked", "A technical problem on our side"],
  },
  resume: {
    label: "Resume",
    Icon: IconPlayerPlay,
    title: (name) => `Go on with ${name}?`,
    text: "The camera is turned on again, and pictures are taken from now on.",
    presets: ["The break is over", "The problem is solved"],
    unread: true,
  },
  remove: {
    label: "Remove",
    Icon: IconUserOff,
    title: (name) => `Take ${name} out of the room?`,
    text: "Pictures and live video stop at once. You or a colleague can let the candidate in again.",
    presets: ["Please contact the exam office", "Joined the wrong exam"],
    red: true,
  },
  readmit: {
    label: "Let in again",
    Icon: IconDoorEnter,
    title: (name) => `Let ${name} in again?`,
    text: "The candidate can enter the room again. Whoever had checked in need not do so again.",
    presets: ["It is settled"],
    unread: true,
  },
  end: {
    label: "End exam",
    Icon: IconSquare,
    title: (name) => `End the exam of ${name}?`,
    text: "The exam is over for this candidate. This cannot be undone. It says nothing about the result: people decide that afterwards.",
    presets: ["You asked to stop", "The time is over"],
    red: true,
  },
};

function possible({ state }: Candidate): ActKind[] {
  switch (state) {
    case "finished":
      return [];
    case "in_room":
      return ["pause", "remove", "end"];
    case "paused":
      return ["resume", "remove", "end"];
    case "removed":
      return ["readmit", "end"];
    default:
      return ["remove", "end"];
  }
}

export function CandidateActs({ candidate }: { candidate: Candidate }) {
  const closed = useConsoleView().session?.closed_at !== null;
  const [asking, setAsking] = useState<ActKind | null>(null);
  const { state, state_reason } = candidate;
  const { opener, group } = useFocusBack(asking !== null);
  return (
    <>
      {state_reason && (
        <Text size="sm" mt="xs" data-testid="state-reason">
          {state === "paused" ? "Paused" : state === "removed" ? "Removed" : "Ended"} by a proctor:{" "}
          {state_reason}
        </Text>
      )}
      {!closed && (
        <Group gap="xs" mt="xs" ref={group} tabIndex={-1}>
          {possible(candidate).map((act) => {
            const { label, Icon } = CHOICES[act];
            return (
              <Button
                key={act}
                variant="default"
                leftSection={<Icon size={18} aria-hidden />}
                onClick={(event) => {
                  opener.current = event.currentTarget;
                  setAsking(act);
                }}
                data-testid={`act-${act}`}
              >
                {label}
              </Button>
            );
          })}
        </Group>
      )}
      {asking && (
        <ActDialog key={asking} act={asking} candidate={candidate} onClose={() => setAsking(null)} />
      )}
    </>
  );
}

/** Where the focus goes after a dialog: to what opened it or, when an act took that away, beside it. */
function useFocusBack(opened: boolean) {
  const opener = useRef<HTMLButtonElement>(null);
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!opened) return;
    return () => {
      const next = opener.current?.isConnected ? opener.current : group.current?.querySelector("button");
      (next ?? group.current)?.focus();
    };
  }, [opened]);
  return { opener, group };
}

interface DialogProps {
  act: ActKind;
  candidate: Candidate;
  onClose: () => void;
}

function ActDialog({ act, candidate, onClose }: DialogProps) {
  const { store } = useConsole();
  const choice = CHOICES[act];
  const [reason, setReason] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [command] = useState(randomUuid);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    await store.act(candidate.id, act, reason.trim(), command).then(onClose, showError);
    setBusy(false);
  };
  return (
    <Dialog opened onClose={onClose} title={choice.title(candidate.name)} testId="act-dialog">
      <form onSubmit={submit}>
        <Text mb="md">{choice.text}</Text>
        {act === "resume" && <BreakFacts candidate={candidate} />}
        <ReasonField
          label={choice.unread ? "Reason, kept on record" : "Reason, which the candidate reads"}
          presets={choice.presets}
          value={reason}
          onChange={setReason}
          inputRef={field}
          testId="act-reason"
        />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            color={choice.red ? "red" : undefined}
            loading={busy}
            disabled={!reason.trim()}
            data-testid="act-confirm"
          >
            {choice.label}
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
