import { Button, Group, Text } from "@mantine/core";
import { IconArrowBackUp, IconCheck, IconQuestionMark, IconX } from "@tabler/icons-react";
import type { Decision, Incident, ReviewDecision } from "../api/types";
import { disagree, mayDecide, toUndo, waitsForAnother } from "../live/second-person";
import { dayAndTime } from "../time";
import { useStore } from "../ui/use-store";
import { DECISION_WORDS } from "../words";
import { useConsole, useConsoleView } from "./console-context";
import css from "./proctor.module.css";

/** How often such incidents were confirmed here, to be read before deciding; nothing while there is none. */
function BaseRate({ incident }: { incident: Incident }) {
  const { store } = useConsole();
  const rate = useStore(store.precision).find(({ kind }) => kind === incident.kind);
  if (!rate || rate.reviewed === 0 || incident.source !== "rules") return null;
  return (
    <Text size="sm" className="faint" data-testid="base-rate">
      {rate.words}
    </Text>
  );
}

/** What belongs to every look at the pictures: the candidate's own words, and how often this is right. */
export function BesidePictures({ incident }: { incident: Incident }) {
  const undecided = !incident.decision || incident.decision.proposed;
  return (
    <>
      <CandidateAnswer incident={incident} />
      {undecided && <BaseRate incident={incident} />}
    </>
  );
}

function CandidateAnswer({ incident }: { incident: Incident }) {
  if (!incident.answer) return null;
  return (
    <div className={css.answer} data-testid="candidate-answer">
      <Text size="xs" className="faint">
        The candidate answers, {dayAndTime(incident.answer.answered_at)}
      </Text>
      <Text size="sm">{incident.answer.text}</Text>
    </div>
  );
}

export function CardActions({ incident }: { incident: Incident }) {
  const { decision } = incident;
  if (!decision) return <Choices incident={incident} />;
  return (
    <>
      <Opinions incident={incident} />
      <Decided incident={incident} decision={decision} />
      {decision.proposed && <Choices incident={incident} />}
    </>
  );
}

/** When people differ, everybody sees it. One's own view is taken back at its own line. */
function Opinions({ incident }: { incident: Incident }) {
  const mine = useToUndo(incident);
  const earlier = incident.opinions.slice(0, -1);
  if (earlier.length === 0) return null;
  const differ = disagree(incident);
  return (
    <div data-testid="opinions" data-differ={differ || undefined}>
      <Text size="sm" fw={differ ? 650 : undefined}>
        {differ ? "People disagree. Decided before:" : "Decided before:"}
      </Text>
      {earlier.map((each) => (
        <Group gap={6} justify="space-between" key={each.decided_at}>
          <Text size="sm">
            {DECISION_WORDS[each.decision]} by {person(each)}: {each.reason}
          </Text>
          {each.decided_at === mine?.decided_at && <Undo incident={incident} label="Take back my view" />}
        </Group>
      ))}
    </div>
  );
}

/** Sign-ins by link all have the same name: the beginning of the id tells them apart. */
function person({ by, by_id }: ReviewDecision): string {
  return by_id ? `${by} (${by_id.slice(0, 4)})` : by;
}

function useToUndo(incident: Incident): ReviewDecision | null {
  const { proctor } = useConsole();
  const second = useConsoleView().session?.second_reviewer ?? false;
  return toUndo(incident, proctor.person, second);
}

function Undo({ incident, label }: { incident: Incident; label: string }) {
  const { ui } = useConsole();
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<IconArrowBackUp size={16} aria-hidden />}
      onClick={() => void ui.undo(incident.id)}
      data-testid="decision-undo"
    >
      {label}
    </Button>
  );
}

function Decided({ incident, decision }: { incident: Incident; decision: ReviewDecision }) {
  const { proctor } = useConsole();
  const mine = useToUndo(incident);
  return (
    <div
      className={css.decided}
      data-decision={decision.decision}
      data-proposed={decision.proposed || undefined}
    >
      <div className={css.grow}>
        <Text size="sm" fw={650}>
          {waitsForAnother(incident, proctor.person)
            ? "You have proposed: confirmed. Waiting for a second person."
            : decidedWords(decision)}
        </Text>
        <Text size="sm">{decision.reason}</Text>
      </div>
      {decision.decided_at === mine?.decided_at && <Undo incident={incident} label="Undo" />}
    </div>
  );
}

function decidedWords(decision: ReviewDecision): string {
  const words = DECISION_WORDS[decision.decision];
  return decision.proposed
    ? `Proposed: ${words.toLowerCase()}, by ${person(decision)}. A second person has to agree.`
    : `${words} by ${person(decision)}`;
}

function Choices({ incident }: { incident: Incident }) {
  const { ui, proctor } = useConsole();
  const second = useConsoleView().session?.second_reviewer ?? false;
  const agree = incident.decision?.proposed ? "Agree" : "Confirm";
  const choice = (kind: Decision, label: string, testId: string, Icon: typeof IconCheck) => (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<Icon size={16} aria-hidden />}
      onClick={() => ui.ask(kind, incident.id)}
      data-testid={testId}
    >
      {label}
    </Button>
  );
  return (
    <Group gap={6}>
      {mayDecide(incident, "confirmed", proctor.person, second) &&
        choice("confirmed", agree, "decision-confirm", IconCheck)}
      {choice("dismissed", "Dismiss", "decision-dismiss", IconX)}
      {choice("inconclusive", "Inconclusive", "decision-inconclusive", IconQuestionMark)}
    </Group>
  );
}
