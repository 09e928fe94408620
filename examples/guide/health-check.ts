// Finds instances that do not answer before their lease ends, and takes them out.
import type { Gateway } from "eurus";

/** Returns what ends it. */
export function checkHealth(gateway: Gateway, everyMs: number = 30_000): () => void {
  const check = async (): Promise<void> => {
    for (const service of gateway.services()) {
      if (!(await gateway.pingService(service))) {
        gateway.removeService(service); // its clients are told, and new ones go elsewhere
      }
    }
  };
  const timer = setInterval(() => void check(), everyMs);
  return () => clearInterval(timer);
}
