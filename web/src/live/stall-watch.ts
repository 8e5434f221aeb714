import type { Cancel, Clock } from "./clock";

const LOOK_MS = 2000;
/** Fallen back to stills well within ten seconds. */
const STALLED_MS = 6000;

export interface Measurable {
  getRTCStatsReport(): Promise<RTCStatsReport | undefined>;
}

interface Flow {
  frames: number;
  since: number;
  flows: boolean;
}

/** Notices pictures that stand still although their connection claims to be fine. */
export class StallWatch {
  private flows = new Map<string, Flow>();
  private cancel: Cancel | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly pictures: () => ReadonlyMap<string, Measurable>,
    private readonly onChange: (id: string, flows: boolean) => void,
  ) {}

  start(): void {
    this.cancel ??= this.clock.after(LOOK_MS, () => void this.look());
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
    this.flows.clear();
  }

  private async look(): Promise<void> {
    const pictures = this.pictures();
    for (const id of [...this.flows.keys()]) if (!pictures.has(id)) this.flows.delete(id);
    await Promise.all([...pictures].map(([id, picture]) => this.measure(id, picture)));
    if (!this.cancel) return;
    this.cancel = this.clock.after(LOOK_MS, () => void this.look());
  }

  private async measure(id: string, picture: Measurable): Promise<void> {
    const frames = received(await picture.getRTCStatsReport().catch(() => undefined));
    const now = this.clock.now();
    const flow = this.flows.get(id);
    if (!flow) {
      this.flows.set(id, { frames, since: now, flows: true });
      return;
    }
    if (frames !== flow.frames) Object.assign(flow, { frames, since: now });
    const flows = now - flow.since < STALLED_MS;
    if (flows === flow.flows) return;
    flow.flows = flows;
    this.onChange(id, flows);
  }
}

/** Received, not decoded: a hidden console need not decode. */
function received(report: RTCStatsReport | undefined): number {
  let frames = 0;
  report?.forEach((each: { type: string; framesReceived?: number }) => {
    if (each.type === "inbound-rtp") frames += each.framesReceived ?? 0;
  });
  return frames;
}
