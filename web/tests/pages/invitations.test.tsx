import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import type { Invite, InviteState } from "../../src/api/types";
import { linksCsv } from "../../src/links-csv";
import { Invitations } from "../../src/proctor/invitations";
import { session } from "../live/shapes";
import { show } from "./render";

const invite = (id: string, part: Partial<Invite> = {}): Invite => ({
  id,
  name: `Name of ${id}`,
  email: null,
  external_id: null,
  state: "invited",
  link_works: true,
  opens_at: null,
  closes_at: null,
  joined_at: null,
  candidate_id: null,
  accommodations: [],
  link: null,
  ...part,
});

let invites: Invite[];
let reissued: string[];
let refuses: string | null;
const closed = vi.fn();
const json = (body: object, status = 200) => new Response(JSON.stringify(body), { status });

/** The server's routes of invites, as far as this window asks. */
async function server(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace("/api/v1/sessions/s1/invites", "");
  if (request.method === "GET") return json({ invited_only: true, invites });
  if (path === "") {
    invites = [invite("a"), invite("b")];
    return json(
      { invites: invites.map((each) => ({ ...each, link: `https://x/${each.id}` })), csv: "" },
      201,
    );
  }
  const id = path.split("/")[1] as string;
  if (id === refuses) {
    const error = { code: "storage_full", message: "Full.", fix: "Wait.", retry_after_s: null };
    return json({ error }, 503);
  }
  reissued.push(id);
  return json(invite(id, { link: `https://x/${id}-new` }));
}

beforeEach(() => {
  invites = [];
  reissued = [];
  refuses = null;
  closed.mockReset();
  vi.stubGlobal("fetch", server);
});

function open() {
  show(<Invitations session={session} organiser opened onClose={closed} />);
}

async function importList() {
  open();
  const file = new File(["name\nA\nB\n"], "list.csv", { type: "text/csv" });
  await userEvent.upload(await screen.findByTestId("roster-file"), file);
  await screen.findByTestId("new-links");
}

const sheet = () =>
  decodeURIComponent(
    (screen.getByTestId("download-links").getAttribute("href") ?? "").split(",").slice(1).join(),
  );

it("asks before links that nobody has downloaded are lost, and keeps them", async () => {
  await importList();
  await userEvent.keyboard("{Escape}");
  expect(closed).not.toHaveBeenCalled();
  const question = screen.getByTestId("not-downloaded");
  expect(question.textContent).toContain("Not downloaded yet. Close anyway?");
  expect(document.activeElement).toBe(screen.getByTestId("keep-links"));
  await userEvent.click(screen.getByTestId("keep-links"));
  expect(screen.queryByTestId("not-downloaded")).toBeNull();
  expect(sheet()).toContain("Name of b,,,https://x/b");
  await userEvent.keyboard("{Escape}");
  await userEvent.click(screen.getByTestId("leave-links"));
  expect(closed).toHaveBeenCalledTimes(1);
});

it("closes at once when the links were downloaded, or none were made", async () => {
  await importList();
  await userEvent.click(screen.getByTestId("download-links"));
  await userEvent.keyboard("{Escape}");
  expect(screen.queryByTestId("not-downloaded")).toBeNull();
  expect(closed).toHaveBeenCalledTimes(1);
});

it("lets the browser ask before the page goes while links are only here", async () => {
  const leaves = () => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  open();
  expect(leaves()).toBe(true);
  cleanup();
  await importList();
  expect(leaves()).toBe(false);
  await userEvent.click(screen.getByTestId("download-links"));
  expect(leaves()).toBe(true);
});

it("makes new links for all who have not joined, after asking", async () => {
  const of = (id: string, state: InviteState) => invite(id, { state, link_works: state === "invited" });
  invites = [of("a", "invited"), of("b", "joined"), of("c", "revoked"), of("d", "invited")];
  open();
  await userEvent.click(await screen.findByTestId("renew-links"));
  expect(reissued).toEqual([]);
  await userEvent.click(screen.getByTestId("renew-confirm"));
  await waitFor(() => expect(reissued).toEqual(["a", "d"]));
  await waitFor(() =>
    expect(sheet()).toBe(
      "name,email,external id,link\r\nName of a,,,https://x/a-new\r\nName of d,,,https://x/d-new\r\n",
    ),
  );
  await userEvent.keyboard("{Escape}");
  expect(screen.getByTestId("not-downloaded")).toBeDefined();
});

it("offers the links that were made before the server refused one", async () => {
  invites = [invite("a"), invite("b")];
  refuses = "b";
  open();
  await userEvent.click(await screen.findByTestId("renew-links"));
  await userEvent.click(screen.getByTestId("renew-confirm"));
  expect((await screen.findByTestId("roster-error")).textContent).toContain("Full.");
  expect(sheet()).toContain("https://x/a-new");
  expect(await screen.findByTestId("renew-links")).toBeDefined();
});

it("writes a file that no spreadsheet runs", () => {
  const link = "https://x/1";
  const odd = [
    invite("a", { name: 'Ada "A", Example', external_id: "=1+1", link }),
    invite("b", { name: "No link" }),
    invite("c", { name: "@x", email: "c@example.org", link }),
  ];
  expect(linksCsv(odd)).toBe(
    'name,email,external id,link\r\n"Ada ""A"", Example",,\'=1+1,https://x/1\r\n\'@x,c@example.org,,https://x/1\r\n',
  );
});
