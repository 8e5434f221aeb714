import { Code, Text } from "@mantine/core";
import type { Incident } from "../api/types";
import { dayAndTime } from "../time";
import { Dialog } from "../ui/dialog";
import { comparisonWords, detailWords, evidenceMissingWords, KIND_WORDS } from "../words";
import { useConsole, useConsoleView, useUiView } from "./console-context";
import { BesidePictures } from "./incident-decision";
import { isTwoInOne, Picture } from "./picture";
import css from "./proctor.module.css";

/** The pictures of one incident, large, with the reference photo beside them. */
export function EvidenceView() {
  const { ui } = useConsole();
  const { incidents } = useConsoleView();
  const { enlarged } = useUiView();
  const incident = incidents.find(({ id }) => id === enlarged);
  return (
    <Dialog
      opened={incident !== undefined}
      onClose={() => ui.enlarge(null)}
      size="min(1100px, 96vw)"
      title={incident ? `${KIND_WORDS[incident.kind]} – ${incident.candidate_name}` : ""}
    >
      {incident && (
        <>
          <Facts incident={incident} />
          <Pictures incident={incident} />
        </>
      )}
    </Dialog>
  );
}

/** Nobody should decide on a picture alone. */
function Facts({ incident }: { incident: Incident }) {
  const lines = [detailWords(incident), comparisonWords(incident)].filter((line) => line !== null);
  return (
    <div className={css.enlargedFacts}>
      {lines.map((line) => (
        <Text key={line} size="sm">
          {line}
        </Text>
      ))}
      <BesidePictures incident={incident} />
    </div>
  );
}

function Pictures({ incident }: { incident: Incident }) {
  return (
    <div className={css.enlarged} data-wide={isTwoInOne(incident) || undefined}>
      {incident.evidence.map((evidence) => (
        <figure key={evidence.id}>
          <Picture src={evidence.url} alt="Picture of the incident" missing="" />
          <Text component="figcaption" size="sm">
            {dayAndTime(evidence.captured_at)}
            <br />
            <span className="faint">SHA-256</span> <Code>{evidence.sha256.slice(0, 16)}…</Code>
          </Text>
        </figure>
      ))}
      {incident.evidence.length === 0 && (
        <Picture src={null} alt="" missing={evidenceMissingWords(incident)} />
      )}
      <figure>
        <Picture src={incident.reference_photo_url} alt="Reference photo" missing="No reference photo" />
        <Text component="figcaption" size="sm">
          Reference photo given at check-in
        </Text>
      </figure>
    </div>
  );
}
