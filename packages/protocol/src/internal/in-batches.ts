import type { Runtime } from "../runtime.ts";

/** How to divide what is to be done. */
export interface Batches {
  /** How many are dealt with at once. */
  readonly size: number;
  /** Each pause takes half to one and a half times as long, in milliseconds. */
  readonly pauseMs: number;
}

/**
 * Does something to many, a batch at a time with pauses of random length: clients that are closed all at once come
 * back all at once. The first batch is over when this returns.
 *
 * @returns A promise that resolves when it was done to all.
 */
export function inBatches<Item>(
  runtime: Pick<Runtime, "random" | "setTimer">,
  items: readonly Item[],
  { size, pauseMs }: Batches,
  act: (item: Item) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const actFrom = (start: number): void => {
      const end = start + size;
      for (const item of items.slice(start, end)) act(item);
      if (end >= items.length) resolve();
      else runtime.setTimer(pauseMs * (0.5 + runtime.random()), () => actFrom(end));
    };
    actFrom(0);
  });
}
