// Finds instances that do not answer before their lease ends, and takes them out.
import type { Gateway } from "eurus";

/** One pause of an instance, or one lost answer, costs nothing. */
const missesInARow = 3;

/** Returns what ends it. */
export function checkHealth(gateway: Gateway, everyMs: number = 1_000): () => void {
  let missed = new Map<string, number>();
  let timer = setTimeout(() => void check(), everyMs);
  let ended = false;

  const check = async (): Promise<void> => {
    const before = missed;
    const now = new Map<string, number>();
    await Promise.all(
      gateway.services().map(async ({ id }) => {
        if (!(await gateway.pingService(id))) now.set(id, (before.get(id) ?? 0) + 1);
      }),
    );
    if (ended) return;
    // While the bus is away nobody can answer, which says nothing about anybody.
    missed = gateway.ready ? now : new Map();
    for (const [id, misses] of missed) {
      if (misses >= missesInARow) gateway.removeService(id); // its clients are told, and new ones go elsewhere
    }
    timer = setTimeout(() => void check(), everyMs);
  };

  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
