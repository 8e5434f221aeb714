import { ProctorAuth } from "../live/proctor-auth";
import { startPage } from "../ui/start";
import { ProctorApp } from "./app";

const auth = new ProctorAuth();
void auth.check();
startPage(<ProctorApp auth={auth} path={window.location.pathname} />);
