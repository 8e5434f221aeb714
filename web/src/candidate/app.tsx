import type { CandidateSession } from "../live/candidate-session";
import { type CandidateView, stepOf } from "../live/candidate-state";
import { useStore } from "../ui/use-store";
import { CameraStep } from "./camera-step";
import { CheckInStep, ReadyStep, WaitingStep } from "./check-in-step";
import { PhotoStep } from "./photo-step";
import { Room } from "./room";
import {
  ClosedScreen,
  FinishedScreen,
  LoadingScreen,
  RefusedScreen,
  TakenOverScreen,
  UnknownLinkScreen,
} from "./screens";
import { Shell } from "./shell";
import { PausedScreen, RemovedScreen } from "./stopped";
import { WelcomeStep } from "./welcome-step";

export interface StepProps {
  session: CandidateSession;
  view: CandidateView;
}

export function CandidateApp({ session }: { session: CandidateSession }) {
  const view = useStore(session.view);
  return (
    <Shell session={session} view={view}>
      <Page session={session} view={view} />
    </Shell>
  );
}

function Page({ session, view }: StepProps) {
  if (view.phase === "loading") return <LoadingScreen reachable />;
  if (view.phase === "unreachable") return <LoadingScreen reachable={false} />;
  if (view.phase === "unknown_link") return <UnknownLinkScreen />;
  if (view.phase === "refused") return <RefusedScreen refusal={view.refusal} />;
  if (view.phase === "taken_over") {
    return <TakenOverScreen standby={view.standby} onContinue={() => session.continueHere()} />;
  }
  if (view.phase === "closed") return <ClosedScreen session={session} view={view} />;
  return <Step session={session} view={view} />;
}

function Step(props: StepProps) {
  switch (stepOf(props.view)) {
    case "welcome":
      return <WelcomeStep {...props} />;
    case "camera":
      return <CameraStep {...props} />;
    case "photo":
      return <PhotoStep {...props} />;
    case "check_in":
      return <CheckInStep {...props} />;
    case "waiting":
      return <WaitingStep {...props} />;
    case "ready":
      return <ReadyStep {...props} />;
    case "room":
      return <Room {...props} />;
    case "paused":
      return <PausedScreen {...props} />;
    case "removed":
      return <RemovedScreen {...props} />;
    case "finished":
      return <FinishedScreen {...props} />;
  }
}
