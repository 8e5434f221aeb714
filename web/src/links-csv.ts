import type { Invite } from "./api/types";

/** As the server writes it: a cell that a spreadsheet would run as a formula begins with an apostrophe. */
const RUNS = /^[=+\-@\t\r\n]/;

function cell(text: string): string {
  const tame = RUNS.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
}

/** What an office needs to send links out. Who has none is left out. */
export function linksCsv(invites: Iterable<Invite>): string {
  const rows = [...invites]
    .filter(({ link }) => link)
    .map(({ name, email, external_id, link }) => [name, email ?? "", external_id ?? "", link ?? ""]);
  return [["name", "email", "external id", "link"], ...rows]
    .map((row) => `${row.map(cell).join(",")}\r\n`)
    .join("");
}
