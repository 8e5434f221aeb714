import { screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { ProctorAuth } from "../../src/live/proctor-auth";
import { SignInPage } from "../../src/proctor/sign-in-page";
import { show } from "./render";

let refusal: string;
let password: boolean;

beforeEach(() => {
  password = false;
  window.history.replaceState(null, "", "/?token=secret");
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    if (url.endsWith("/ways")) return Response.json({ password, oidc: null });
    const code = url.endsWith("/sign-in") ? refusal : "not_signed_in";
    return Response.json({ error: { code, message: "No.", fix: "" } }, { status: 401 });
  });
});

it.each([
  ["sign_in_link_used", "was used already"],
  ["sign_in_link_unknown", "not copied whole"],
])("tells after %s what is wrong with the link, and how to get another", async (code, words) => {
  refusal = code;
  const auth = new ProctorAuth();
  await auth.check();
  show(<SignInPage status={auth.view.get().status} onRetry={() => {}} />);
  const said = screen.getByTestId("sign-in").textContent ?? "";
  expect(said).toContain(words);
  expect(said.indexOf("invigil sign-in-link")).toBeGreaterThan(0);
  expect(said.indexOf("invigil sign-in-link")).toBeLessThan(said.indexOf("Starting the server again"));
});

it("does not send people with accounts to a start that prints no link for them", async () => {
  refusal = "sign_in_link_unknown";
  password = true;
  const auth = new ProctorAuth();
  await auth.check();
  show(<SignInPage status={auth.view.get().status} onRetry={() => {}} />);
  expect(await screen.findByTestId("password-name")).toBeTruthy();
  const said = screen.getByTestId("sign-in").textContent;
  expect(said).toContain("invigil sign-in-link");
  expect(said).not.toContain("Starting the server again");
});
