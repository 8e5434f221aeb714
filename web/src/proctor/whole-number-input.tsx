import { TextInput } from "@mantine/core";
import { type Range, rangeWords, readWhole } from "./whole-numbers";

interface Props {
  label: string;
  range: Range;
  /** As it was typed, right or wrong. */
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  error?: string | undefined;
  "data-testid": string;
}

/** Says what is wrong with a number and leaves it as it is: only the person knows what was meant. */
export function WholeNumberInput({ range, value, onChange, error, ...rest }: Props) {
  return (
    <TextInput
      {...rest}
      inputMode="numeric"
      autoComplete="off"
      value={value}
      error={readWhole(value, range) === null ? rangeWords(range) : error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
