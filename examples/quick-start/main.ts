// The smallest chat: a gateway, a service that remembers who you are, and a page that talks to them.
import { runProgram } from "../shared/program.ts";
import { startQuickStart } from "./quick-start.ts";

await runProgram(async (port) => {
  const quickStart = await startQuickStart(port, (line) => console.log(line));
  console.log(`Open ${quickStart.url} and look at this terminal. Ctrl-C ends.`);
  return quickStart;
});
