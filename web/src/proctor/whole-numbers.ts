/** `optional`: may be left empty, which counts as 0. */
export interface Range {
  min: number;
  max: number;
  unit: string;
  optional?: boolean;
}

/** What was typed as a number; null where it is none of these. Nothing is rounded or cut to fit. */
export function readWhole(text: string, { min, max, optional }: Range): number | null {
  const typed = text.trim();
  if (typed === "" && optional) return 0;
  if (!/^\d+$/.test(typed)) return null;
  const number = Number(typed);
  return number >= min && number <= max ? number : null;
}

/** All fields of a form; null when one of them is wrong. */
export function readAll<K extends string>(
  ranges: Record<K, Range>,
  texts: Record<K, string>,
): Record<K, number> | null {
  const read: Partial<Record<K, number>> = {};
  for (const key of Object.keys(ranges) as K[]) {
    const number = readWhole(texts[key], ranges[key]);
    if (number === null) return null;
    read[key] = number;
  }
  return read as Record<K, number>;
}

export function rangeWords({ min, max, unit, optional }: Range): string {
  const words = `Between ${min} and ${max} ${unit}, whole numbers.`;
  return optional ? `${words} Or leave it empty.` : words;
}
