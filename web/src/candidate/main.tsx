import { CandidateSession } from "../live/candidate-session";
import { startPage } from "../ui/start";
import { CandidateApp } from "./app";

const code = decodeURIComponent(window.location.pathname.split("/")[2] ?? "");
const session = new CandidateSession(code);
void session.load();
startPage(<CandidateApp session={session} />);
