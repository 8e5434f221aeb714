self.onmessage = (event: MessageEvent<{ id: number; ms: number }>) => {
  const { id, ms } = event.data;
  setTimeout(() => self.postMessage(id), ms);
};
