// What the programs of these tests have in common: a configuration, a sign of readiness, and questions to answer.
import process from "node:process";

/** What the test passed as the only argument. */
export function readConfig<Config>(): Config {
  return JSON.parse(process.argv[2] ?? "{}") as Config;
}

/** What the test can ask a program for, by name. */
export type Answers = Readonly<Record<string, (argument: unknown) => unknown>>;

/**
 * Tells the test that the program is ready; from then on it answers questions, `memoryBytes` among them, and ends
 * with the test.
 */
export function ready(facts: Readonly<Record<string, unknown>>, answers: Answers): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", ({ call, question, argument }: Question) => {
    void Promise.resolve()
      .then(() => (question === "memoryBytes" ? process.memoryUsage().rss : answers[question]?.(argument)))
      .then(
        (answer) => process.send?.({ call, answer }),
        (error: unknown) => process.send?.({ call, error: String(error) }),
      );
  });
  process.send?.({ ready: facts });
}

/** Ends the process once the test has been given everything that was said before: an exit loses what still waits. */
export function leave(): void {
  process.send?.({ left: true }, () => process.disconnect());
}

interface Question {
  readonly call: number;
  readonly question: string;
  readonly argument: unknown;
}
