import type { NewSession } from "../api/types";
import { type Range, readAll } from "./whole-numbers";

type Numbers = "sampling_interval_s" | "retention_days" | "answer_days";

export const RANGES: Record<Numbers, Range> = {
  sampling_interval_s: { min: 1, max: 60, unit: "seconds" },
  retention_days: { min: 1, max: 365, unit: "days" },
  answer_days: { min: 1, max: 90, unit: "days" },
};

/** A session that is not made yet, with its numbers as they are typed. */
export type SessionForm = Omit<NewSession, Numbers> & Record<Numbers, string>;

export const BLANK: SessionForm = {
  title: "",
  sampling_interval_s: "5",
  retention_days: "30",
  exam_url: null,
  report_repeats: true,
  provider: null,
  second_reviewer: false,
  own_incidents: "never",
  answer_days: "7",
  invited_only: false,
  face_matching: true,
};

/** Null when one is wrong. Where nobody answers, nobody can see how many days there are for it. */
export function readNumbers(form: SessionForm): Record<Numbers, number> | null {
  const { answer_days } = form.own_incidents === "never" ? BLANK : form;
  return readAll(RANGES, { ...form, answer_days });
}
