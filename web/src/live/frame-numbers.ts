import type { ApiError } from "../api/http";
import { asApiError } from "../api/http";

/** What is written on a picture, so that it cannot be sent a second time by somebody else. */
export interface FrameNumber {
  nonce: string;
  seq: number;
}

/** Numbers pictures within the window that the server gave, and asks for another when it is over. */
export class FrameNumbers {
  private nonce: string | null = null;
  private seq = 0;

  constructor(private readonly open: () => Promise<{ nonce: string; next_seq: number }>) {}

  /**
   * Post one picture under a number of its own. A picture whose answer got lost is sent once more under the
   * same number: the server knows it again. Rejects as `post` does.
   */
  async send<R>(post: (number: FrameNumber) => Promise<R>): Promise<R> {
    const number = await this.next();
    try {
      return await this.twice(() => post(number));
    } catch (reason) {
      if (!isOver(asApiError(reason))) throw reason;
      this.nonce = null;
      return post(await this.next());
    }
  }

  private async next(): Promise<FrameNumber> {
    if (this.nonce === null) {
      const { nonce, next_seq } = await this.open();
      this.nonce = nonce;
      this.seq = next_seq;
    }
    return { nonce: this.nonce, seq: this.seq++ };
  }

  private async twice<R>(post: () => Promise<R>): Promise<R> {
    try {
      return await post();
    } catch (reason) {
      if (asApiError(reason).status !== 0) throw reason;
      return post();
    }
  }
}

function isOver(error: ApiError): boolean {
  return error.code === "frame_not_numbered" || error.code === "frame_replayed";
}
