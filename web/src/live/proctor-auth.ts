import { type ApiError, asApiError } from "../api/http";
import { signIn, whoAmI } from "../api/proctor";
import type { Proctor } from "../api/types";
import { Store } from "./store";

export interface AuthView {
  status: "checking" | "in" | "out" | "link_used" | "link_unknown" | "unreachable";
  proctor: Proctor | null;
}

/** The one-use link of the terminal signs in; afterwards the cookie does. The token never stays in the address. */
export class ProctorAuth {
  readonly view = new Store<AuthView>({ status: "checking", proctor: null });

  async check(): Promise<void> {
    const token = this.takeToken();
    try {
      const { proctor } = token ? await signIn(token) : await whoAmI();
      this.view.set({ status: "in", proctor });
    } catch (reason) {
      await this.failed(asApiError(reason), token !== null);
    }
  }

  private async failed(error: ApiError, hadToken: boolean): Promise<void> {
    if (error.transient) this.view.patch({ status: "unreachable" });
    else if (!hadToken) this.view.patch({ status: "out" });
    else {
      // A used link, pressed again by somebody who is signed in already, is no reason to stop.
      const me = await whoAmI().catch(() => null);
      const status = error.code === "sign_in_link_used" ? "link_used" : "link_unknown";
      this.view.set(me ? { status: "in", proctor: me.proctor } : { status, proctor: null });
    }
  }

  private takeToken(): string | null {
    const url = new URL(window.location.href);
    const token = url.searchParams.get("token");
    if (token === null) return null;
    url.searchParams.delete("token");
    window.history.replaceState(null, "", url);
    return token;
  }
}
