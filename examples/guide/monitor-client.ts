// The client of the monitor: it starts it, then answers what it is asked. In a browser `WebSocket` is there anyway.
import { WebSocket } from "ws";

export function startMonitor(url: string, measure: () => { cpu: number; memory: number }): WebSocket {
  const ws = new WebSocket(url);

  ws.onopen = () => ws.send(JSON.stringify({ path: "/monitor/start" }));

  ws.onmessage = (event) => {
    const message = JSON.parse(String(event.data)) as { id: string; path?: string };

    // The service asks for metrics
    if (message.path === "/monitor/start") {
      // The same id says which question this answers
      ws.send(JSON.stringify({ id: message.id, data: measure() }));
    }
  };
  return ws;
}
