import { Router, runWorkers } from "velaros";
import { json } from "velaros/json";

const tell = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** Two workers on one port; each tells its process id to whoever asks, and the first process tells what happens. */
await runWorkers(
  async () => {
    const router = new Router()
      .use(json())
      .publicBind("/pid", (context) => context.reply({ pid: process.pid }));
    const listening = await router.listen({ port: Number(process.env["PORT"]), path: "/ws" });
    tell({ type: "listening", url: listening.url });
    return { stop: () => listening.close({ graceMs: 1_000 }) };
  },
  { workers: 2, restartDelayMs: 50, onEvent: tell },
);
tell({ type: "ended" });
