import { useEffect, useRef, useState } from "react";
import type { ApiError } from "../api/http";

export type FieldErrors = Readonly<Record<string, string>>;

const NONE: FieldErrors = {};

/** What a refusal says of the `shown` fields; null when that is not all that it says. */
export function fieldErrors({ fields }: ApiError, shown: readonly string[]): FieldErrors | null {
  const named = Object.keys(fields);
  return named.length > 0 && named.every((name) => shown.includes(name)) ? fields : null;
}

/** What is wrong with which field of a form, beyond what its fields find out themselves. */
export function useFieldErrors() {
  const form = useRef<HTMLFormElement>(null);
  const [wrong, setWrong] = useState(NONE);
  const [refusals, setRefusals] = useState(0);
  useEffect(() => {
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);
  return {
    form,
    wrong,
    /** Nothing was sent or taken: leads to the first field that is wrong. */
    refuse: (fields: FieldErrors = NONE) => {
      setWrong(fields);
      setRefusals(refusals + 1);
    },
    /** What was said of these fields holds no more. */
    changed: (part: object) =>
      setWrong(Object.fromEntries(Object.entries(wrong).filter(([name]) => !(name in part)))),
  };
}
