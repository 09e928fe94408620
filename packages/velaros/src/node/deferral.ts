/**
 * Defers callbacks to the end of a turn and then runs all of them in one go. Between callbacks of `setImmediate` Node
 * serves promises, and whatever gathers writes until promises are served (a client of a bus does) would write once for
 * each of them: with a hundred destinations a hundred system calls instead of one.
 *
 * @param schedule - Calls back once at the end of the turn, such as `setImmediate`.
 */
export function inOneGo(schedule: (run: () => void) => void): (callback: () => void) => void {
  // One for the whole process where the runtime is: a process has one event loop, and its turns are everybody's.
  let waiting: (() => void)[] = [];

  const run = (): void => {
    const due = waiting;
    waiting = [];
    let done = 0;
    try {
      for (const callback of due) {
        done++;
        callback();
      }
    } finally {
      // One has thrown. The others are not to blame, and still come before what was deferred meanwhile.
      if (done < due.length) {
        if (waiting.length === 0) schedule(run);
        waiting = [...due.slice(done), ...waiting];
      }
    }
  };

  return (callback) => {
    if (waiting.push(callback) === 1) schedule(run);
  };
}
