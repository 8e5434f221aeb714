import { Badge, Group, Text } from "@mantine/core";
import { memo, useEffect, useRef } from "react";
import type { Decision, Incident } from "../api/types";
import { between, clockTime } from "../time";
import { useNow } from "../ui/use-now";
import { comparisonWords, detailWords, evidenceMissingWords, KIND_WORDS, SEVERITY_WORDS } from "../words";
import { useConsole } from "./console-context";
import { DecisionForm } from "./decision-form";
import { BesidePictures, CardActions } from "./incident-decision";
import { KindIcon } from "./kind-icon";
import { isTwoInOne, Picture } from "./picture";
import css from "./proctor.module.css";
import { useMarkWhenVisible } from "./visible-mark";

interface Props {
  incident: Incident;
  selected: boolean;
  unread: boolean;
  deciding: Decision | null;
}

export const IncidentCard = memo(function IncidentCard({ incident, selected, unread, deciding }: Props) {
  const { ui } = useConsole();
  const ref = useRef<HTMLLIElement>(null);
  useMarkWhenVisible(ref, incident.id);
  useEffect(() => {
    if (selected) ref.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return (
    <li
      ref={ref}
      className={css.card}
      data-testid="incident-card"
      data-incident={incident.id}
      data-kind={incident.kind}
      data-state={incident.state}
      data-severity={incident.severity}
      data-candidate={incident.candidate_id}
      data-decision={incident.decision?.decision ?? "none"}
      data-proposed={incident.decision?.proposed || undefined}
      data-selected={selected || undefined}
      data-unread={unread || undefined}
      aria-current={selected || undefined}
      // At the release, not the press: a card that moves in between would take the click from its button.
      onPointerUp={() => ui.select(incident.id)}
    >
      <CardHead incident={incident} unread={unread} />
      <CardPictures incident={incident} />
      <CardFacts incident={incident} />
      <BesidePictures incident={incident} />
      {deciding ? (
        <DecisionForm key={deciding} incident={incident} decision={deciding} />
      ) : (
        <CardActions incident={incident} />
      )}
    </li>
  );
});

function CardHead({ incident, unread }: { incident: Incident; unread: boolean }) {
  const { ui } = useConsole();
  return (
    <div className={css.cardHead}>
      <KindIcon kind={incident.kind} severity={incident.severity} />
      <div className={css.grow}>
        <Text fw={650} component="h3" size="sm" m={0}>
          {KIND_WORDS[incident.kind]}
          {unread && <span className={css.dot}>new</span>}
        </Text>
        <button
          type="button"
          className={css.nameButton}
          onClick={() => ui.focus(incident.candidate_id)}
          title="Open the live view"
        >
          {incident.candidate_name}
        </button>
      </div>
      <Text size="xs" className="faint" component="time" dateTime={incident.started_at}>
        {clockTime(incident.started_at)}
      </Text>
    </div>
  );
}

function CardPictures({ incident }: { incident: Incident }) {
  const { ui } = useConsole();
  const evidence = incident.evidence[0];
  const two = isTwoInOne(incident);
  const caption = two ? "Posted picture, and the live video at the same time" : "Incident";
  return (
    <button
      type="button"
      className={css.pair}
      data-wide={two || undefined}
      onClick={() => ui.enlarge(incident.id)}
      title="Enlarge the pictures"
    >
      <span className={css.shot}>
        <Picture
          src={evidence?.url ?? null}
          alt={`Picture of the incident, ${KIND_WORDS[incident.kind]}`}
          missing={evidenceMissingWords(incident)}
          testId="incident-evidence"
        />
        <span className={css.caption}>
          {incident.evidence.length > 1 ? `${caption} (1 of ${incident.evidence.length})` : caption}
        </span>
      </span>
      <span className={css.shot}>
        <Picture
          src={incident.reference_photo_url}
          alt={`Reference photo of ${incident.candidate_name}`}
          missing="No reference photo"
          testId="incident-reference"
        />
        <span className={css.caption}>Reference photo</span>
      </span>
    </button>
  );
}

function CardFacts({ incident }: { incident: Incident }) {
  const lines = [detailWords(incident), comparisonWords(incident)].filter((line) => line !== null);
  return (
    <div className={css.facts}>
      <Group gap={6}>
        <Badge variant="default" tt="none" className={css.severity} data-severity={incident.severity}>
          {SEVERITY_WORDS[incident.severity]}
        </Badge>
        <Lasting incident={incident} />
      </Group>
      {lines.map((line) => (
        <Text key={line} size="sm">
          {line}
        </Text>
      ))}
    </div>
  );
}

function Lasting({ incident }: { incident: Incident }) {
  if (incident.state === "open") return <StillOpen since={incident.started_at} />;
  return (
    <Text size="sm" className="faint">
      Ended after {between(incident.started_at, incident.ended_at, Date.parse(incident.updated_at))}
    </Text>
  );
}

function StillOpen({ since }: { since: string }) {
  return (
    <Text size="sm" fw={600}>
      Going on for {between(since, null, useNow())}
    </Text>
  );
}
