/** A promise that does not bring down the process when it rejects and nobody looks at it. */
export function harmless<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(ignore);
  return promise;
}

/** Does nothing, with whatever it is given. */
export function ignore(): void {}
