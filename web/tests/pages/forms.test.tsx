import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { AccommodationsForm } from "../../src/proctor/accommodations-form";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { CreateSession } from "../../src/proctor/create-session";
import { candidate, session } from "../live/shapes";
import { show } from "./render";

let sent: unknown[];
let answer: () => Response;

beforeEach(() => {
  sent = [];
  answer = () => Response.json(session, { status: 201 });
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.url.endsWith("/media")) return Response.json({ default: "builtin", providers: [] });
    sent.push(await request.json());
    return answer();
  });
});

async function type(field: string, text: string) {
  const input = screen.getByTestId<HTMLInputElement>(field);
  await userEvent.clear(input);
  if (text) await userEvent.type(input, text);
  return input;
}

async function openSessionForm() {
  show(<CreateSession onCreated={() => {}} />);
  await userEvent.click(screen.getByText("More settings"));
  await type("session-title", "Algebra");
}

const arrange = async (...[, arranged]: unknown[]) => void sent.push(arranged);

function openAccommodations() {
  const parts = { store: { arrange } } as unknown as ConsoleParts;
  show(
    <ConsoleContext value={parts}>
      <AccommodationsForm candidate={candidate("c1")} />
    </ConsoleContext>,
  );
}

it.each(["0", "999999", "1e3", "2.5", "-5", ""])(
  "keeps “%s” as it was typed and sends nothing",
  async (text) => {
    await openSessionForm();
    const field = await type("session-interval", text);
    await userEvent.click(screen.getByText("Fewer settings"));
    await userEvent.click(screen.getByTestId("session-create"));
    expect(sent).toEqual([]);
    expect(field.value).toBe(text);
    expect(screen.getByText("Between 1 and 60 seconds, whole numbers.")).toBeTruthy();
    expect(document.activeElement).toBe(field);
    await type("session-interval", "10");
    await userEvent.click(screen.getByTestId("session-create"));
    expect(sent).toMatchObject([{ title: "Algebra", sampling_interval_s: 10, retention_days: 30 }]);
  },
);

it("does not stop at days that nobody is asked for", async () => {
  await openSessionForm();
  await userEvent.selectOptions(screen.getByTestId("session-own-incidents"), "after_end");
  await type("session-answer-days", "1000");
  await userEvent.click(screen.getByTestId("session-create"));
  expect(sent).toEqual([]);
  await userEvent.selectOptions(screen.getByTestId("session-own-incidents"), "never");
  await userEvent.click(screen.getByTestId("session-create"));
  expect(sent).toMatchObject([{ own_incidents: "never", answer_days: 7 }]);
});

it("does not make 300 % of what was arranged as 9999 %", async () => {
  openAccommodations();
  const field = await type("arranged-extra-time", "9999");
  await userEvent.click(screen.getByTestId("arranged-save"));
  expect(sent).toEqual([]);
  expect(field.value).toBe("9999");
  expect(screen.getByText(/^Between 0 and 300 %, whole numbers/)).toBeTruthy();
  await type("arranged-extra-time", "");
  await type("arranged-breaks", "2");
  await type("arranged-break-minutes", "10");
  await userEvent.click(screen.getByTestId("arranged-save"));
  const numbers = { sampling_interval_s: null, extra_time_percent: 0, breaks: 2, break_minutes: 10 };
  expect(sent).toEqual([{ ...numbers, detectors_off: [] }]);
});
