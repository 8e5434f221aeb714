import type { Carrier, MediaContext, MediaMessage, SendingMedia, WatchingMedia } from "./media";
import { Publisher } from "./publisher";
import { Store } from "./store";
import { ViewerHub } from "./viewer";

interface Hub {
  greet: Publisher["greet"];
  joined: Publisher["joined"];
  left: Publisher["left"];
  receive: Publisher["receive"];
}

function tell(hub: Hub, message: MediaMessage): void {
  if (message.type === "hello") hub.greet(message);
  else if (message.type === "peer_joined") hub.joined(message);
  else if (message.type === "peer_left") hub.left(message.peer);
  else hub.receive(message.from, message.signal);
}

/** From browser to browser: our own socket carries the signalling. */
class BuiltinSending extends Publisher implements SendingMedia {
  heard(message: MediaMessage): void {
    tell(this, message);
  }
}

class BuiltinWatching extends ViewerHub implements WatchingMedia {
  /** Without a server in between there is nothing that could fail for all at once. */
  readonly trouble = new Store<string | null>(null);

  heard(message: MediaMessage): void {
    tell(this, message);
  }
}

export const builtin: Carrier = {
  sending: (context: MediaContext) => new BuiltinSending(context),
  watching: (context: MediaContext) => new BuiltinWatching(context),
};
