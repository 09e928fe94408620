// The events of a gateway as lines of a log.
import type { Gateway } from "eurus";

/** Returns what ends it. */
export function logTrouble(gateway: Gateway, log: (line: string) => void): () => void {
  return gateway.onEvent((event) => {
    if (event.type === "instance-removed" && event.cause !== "goodbye") {
      log(`Lost an instance of ${event.service}: ${event.cause}`);
    } else if (event.type === "route-conflict") {
      log(`${event.pattern} belongs to ${event.owner}, and ${event.others.join(", ")} announced it too`);
    } else if (event.type === "refused") {
      log(`Answered a message to ${JSON.stringify(event.path)} with ${event.code}`); // clients choose paths
    } else if (event.type === "bus") {
      log(`The bus is ${event.status}`);
    }
  });
}
