// A chat with rooms and a page to try it in two tabs. `npm start` runs it.
import { runProgram } from "../shared/program.ts";
import { startChat } from "./chat.ts";

await runProgram(async (port) => {
  const chat = await startChat(port);
  console.log(`Chat is ready: open ${chat.url} in two tabs. Ctrl-C ends.`);
  return {
    async stop() {
      await chat.stop();
      console.log("Stopped.");
    },
  };
});
