/** Where two people have to agree: what one of them has said already, and what that leaves to do. */
import type { Incident, ReviewDecision } from "../api/types";

/** The newest decision of `person` that stands. */
export function opinionOf({ opinions }: Incident, person: string): ReviewDecision | null {
  return opinions.findLast(({ by_id }) => by_id === person) ?? null;
}

/** Whether `person` has proposed this, so that there is nothing to do but wait. */
export function waitsForAnother(incident: Incident, person: string): boolean {
  return incident.decision?.proposed === true && opinionOf(incident, person)?.decision === "confirmed";
}

/** Nobody confirms twice where two have to: the server refuses it. */
export function mayConfirm(incident: Incident, person: string, secondReviewer: boolean): boolean {
  return !secondReviewer || opinionOf(incident, person)?.decision !== "confirmed";
}

/** Nobody takes back what another person said where two have to agree. */
export function mayUndo(incident: Incident, person: string, secondReviewer: boolean): boolean {
  return !secondReviewer || opinionOf(incident, person) !== null;
}

/** Whether `person` would be the first to confirm, which is a proposal only. */
export function wouldPropose(incident: Incident, person: string, secondReviewer: boolean): boolean {
  if (!secondReviewer) return false;
  const newest = new Map(incident.opinions.map((each) => [each.by_id ?? each.by, each.decision]));
  newest.delete(person);
  return ![...newest.values()].includes("confirmed");
}
