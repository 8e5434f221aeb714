import { TextInput } from "@mantine/core";
import type { KeyboardEvent, RefObject } from "react";
import css from "./proctor.module.css";

interface Props {
  label: string;
  /** Offered, and never chosen beforehand: what stands here is read as a person's own words. */
  presets: readonly string[];
  value: string;
  onChange: (reason: string) => void;
  error?: string | null;
  inputRef: RefObject<HTMLInputElement | null>;
  testId: string;
}

/** A reason in the proctor's own words, or one of the usual ones by a click, or by Tab and Enter. */
export function ReasonField({ label, presets, value, onChange, error, inputRef, testId }: Props) {
  const choose = (preset: string) => {
    onChange(preset);
    // Back in the field, where it can be changed, or sent with Enter.
    inputRef.current?.focus();
  };
  return (
    <>
      <TextInput
        ref={inputRef}
        label={label}
        maxLength={500}
        data-autofocus
        autoFocus
        value={value}
        error={error}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={notHeldDown}
        data-testid={testId}
      />
      <fieldset className={css.chips}>
        <legend className="visually-hidden">Usual reasons</legend>
        {presets.map((preset) => (
          <button
            type="button"
            key={preset}
            className={css.chip}
            aria-pressed={value === preset}
            onClick={() => choose(preset)}
          >
            {preset}
          </button>
        ))}
      </fieldset>
    </>
  );
}

/** Enter that chose a reason and is still held down does not send it as well. */
function notHeldDown(event: KeyboardEvent) {
  if (event.key === "Enter" && event.repeat) event.preventDefault();
}
