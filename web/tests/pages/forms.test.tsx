import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../../src/api/http";
import type { NewAccommodations } from "../../src/api/types";
import { AccommodationsForm } from "../../src/proctor/accommodations-form";
import { ConsoleContext, type ConsoleParts } from "../../src/proctor/console-context";
import { CreateSession } from "../../src/proctor/create-session";
import { candidate, session } from "../live/shapes";
import { show } from "./render";

let sent: unknown[];
let answer: () => Response;
let refusal: ApiError | null;

beforeEach(() => {
  sent = [];
  refusal = null;
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

const arrange = async (_: string, arranged: NewAccommodations) => {
  sent.push(arranged);
  if (refusal) throw refusal;
};

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

function refuse(fields: Record<string, string>) {
  const error = { code: "invalid_request", message: "All of it is wrong.", fix: "Correct it.", fields };
  answer = () => Response.json({ error }, { status: 422 });
}

it("shows at the field what the server says of it, until it is changed", async () => {
  await openSessionForm();
  const field = await type("session-exam-url", "exam");
  refuse({ exam_url: "Must be a web address." });
  await userEvent.click(screen.getByTestId("session-create"));
  expect(await screen.findByText("Must be a web address.")).toBeTruthy();
  expect(document.activeElement).toBe(field);
  expect(screen.queryByRole("alert")).toBeNull();
  await userEvent.type(field, "s");
  expect(screen.queryByText("Must be a web address.")).toBeNull();
});

it("says all of it where the form has no such field", async () => {
  await openSessionForm();
  refuse({ exam_url: "Must be a web address.", colour: "Unknown." });
  await userEvent.click(screen.getByTestId("session-create"));
  expect((await screen.findByRole("alert")).textContent).toBe("All of it is wrong. Correct it.");
});

it("asks for a title at the title", async () => {
  await openSessionForm();
  const title = await type("session-title", " ");
  await userEvent.click(screen.getByTestId("session-create"));
  expect(sent).toEqual([]);
  expect(screen.getByText("Please give the session a title.")).toBeTruthy();
  expect(document.activeElement).toBe(title);
});

it("asks for the minutes of breaks at the minutes", async () => {
  openAccommodations();
  await type("arranged-breaks", "2");
  const fields = { break_minutes: "How many minutes has each break?" };
  refusal = new ApiError(422, "invalid_request", "They belong together.", null, null, { fields });
  await userEvent.click(screen.getByTestId("arranged-save"));
  expect(await screen.findByText("How many minutes has each break?")).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByTestId("arranged-break-minutes"));
});
