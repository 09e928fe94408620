import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { startChat } from "../examples/chat/chat.ts";
import { close, listen } from "../examples/shared/http-server.ts";
import { openBrowser } from "./support/chromium.ts";
import { runProgram } from "./support/run-program.ts";

const root = join(import.meta.dirname, "..");

test("the README shows the program of examples/hello as it is", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const [comment = "", ...lines] = (await readFile(join(root, "examples/hello/main.ts"), "utf8")).split("\n");

  expect(comment).toMatch(/^\/\/ /);
  expect(readme).toContain(`<!-- examples/hello/main.ts -->\n\n\`\`\`ts\n${lines.join("\n")}\`\`\``);
});

test("the README's program answers the README's client", async () => {
  const hello = runExample("hello");
  await expect.poll(hello.output, { timeout: 20_000 }).toContain("Listening on ");
  const url = /Listening on (\S+)/.exec(hello.output())?.[1] ?? "";

  const socket = new NodeWebSocket(url);
  onTestFinished(() => socket.terminate());
  const answer = new Promise((resolve) => socket.once("message", (data) => resolve(String(data))));
  socket.once("open", () => socket.send(JSON.stringify({ id: "1", path: "/hello/Ada" })));

  expect(await answer).toBe(`{"id":"1","data":{"text":"Hello, Ada!"}}`);
});

test("the quick start's page completes both steps of its conversation [claim:15 claim:17 claim:18 claim:24]", async (context) => {
  const browser = await openBrowser(context);
  const { program, url } = await startQuickStart();

  const page = await browser.newPage();
  await page.goto(url);

  await expect.poll(() => page.locator("#log").innerText()).toContain("msg-2");
  const answers = (await page.locator("#log").innerText()).trim().split("\n");
  expect(answers.map((answer) => JSON.parse(answer))).toEqual([
    { id: "msg-1", data: { status: "joined", room: "general" } },
    { id: "msg-2", data: { status: "sent" } },
  ]);
  program.process.kill("SIGINT");
  expect(await program.exited).toBe(0);
  expect(program.output()).toMatch(/\nUser Alice joined room general\n\[general\] Alice: Hello everyone!\n$/);
});

test("a page of another loopback port may use the quick start's gateway [claim:24]", async (context) => {
  const browser = await openBrowser(context);
  const { url } = await startQuickStart();
  const other = createServer((_, response) =>
    response.setHeader("content-type", "text/html").end("<p>elsewhere"),
  );
  const port = await listen(other, 0);
  onTestFinished(() => close(other));

  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const answers = await page.evaluate(talkLikeTheSeed, url.replace("http:", "ws:"));

  expect(answers.map((answer) => JSON.parse(answer))).toEqual([
    { id: "msg-1", data: { status: "joined", room: "general" } },
    { id: "msg-2", data: { status: "sent" } },
  ]);
});

test("two tabs of the chat see each other's messages, and a third room does not", async (context) => {
  const browser = await openBrowser(context);
  const chat = await startChat(0);
  onTestFinished(() => chat.stop());
  const [ada, grace, stranger] = await Promise.all([browser.newPage(), browser.newPage(), browser.newPage()]);
  await joinRoom(ada, chat.url, "Ada", "general");
  await joinRoom(grace, chat.url, "Grace", "general");
  await joinRoom(stranger, chat.url, "Stranger", "elsewhere");
  await expect.poll(() => ada.locator("#people").innerText()).toBe("Ada, Grace");

  await say(ada, "Is anybody there?");
  await expect.poll(() => grace.locator("#messages li").allInnerTexts()).toHaveLength(1);
  await say(grace, "<b>Yes</b>, I am.");
  await expect.poll(() => ada.locator("#messages li").allInnerTexts()).toHaveLength(2);

  const shown = await ada.locator("#messages li").allInnerTexts();
  expect(shown[0]).toMatch(/^Ada\s*Is anybody there\?/);
  expect(shown[1]).toMatch(/^Grace\s*<b>Yes<\/b>, I am\./);
  expect(await stranger.locator("#messages li").count()).toBe(0);

  await grace.close();
  await expect.poll(() => ada.locator("#people").innerText()).toBe("Ada");
});

test("npm start serves the page, says where, and ends cleanly on Ctrl-C", async () => {
  const program = start({ PORT: "0" });
  await expect.poll(program.output, { timeout: 20_000 }).toContain("Chat is ready");
  const url = /open (\S+)/.exec(program.output())?.[1] ?? "";

  expect(await (await fetch(url)).text()).toContain("<title>Eurus chat</title>");
  program.process.kill("SIGINT");

  expect(await program.exited).toBe(0);
  expect(program.output()).toContain("Stopped.");
});

test("npm start says plainly that a port is taken", async () => {
  const holder = createServer();
  const port = await listen(holder, 0);
  onTestFinished(() => close(holder));

  const program = start({ PORT: String(port) });

  expect(await program.exited).toBe(1);
  expect(program.output()).toContain(`Port ${port} is taken.`);
  expect(program.output()).not.toContain("    at ");
});

test("npm start refuses a PORT that is no port", async () => {
  const program = start({ PORT: "eighty" });

  expect(await program.exited).toBe(1);
  expect(program.output()).toContain(`PORT is "eighty"`);
});

test("npm run example lists every example with what it shows", async () => {
  const program = runExample();

  expect(await program.exited).toBe(0);
  const names = (await readdir(join(root, "examples"))).filter((name) =>
    existsSync(join(root, "examples", name, "main.ts")),
  );
  expect(names).toContain("chat");
  for (const name of names) expect(program.output()).toMatch(new RegExp(`^  ${name} +[A-Z].*\\.$`, "m"));
});

/** What `npm start` runs, without npm. */
function start(environment: NodeJS.ProcessEnv) {
  return runProgram(process.execPath, ["scripts/setup.mjs", "--run", "examples/chat/main.ts"], {
    cwd: root,
    environment,
  });
}

async function startQuickStart() {
  const program = runExample("quick-start");
  await expect.poll(program.output, { timeout: 20_000 }).toContain("Open ");
  return { program, url: /Open (\S+)/.exec(program.output())?.[1] ?? "" };
}

function runExample(name?: string) {
  const words = name === undefined ? [] : [name];
  return runProgram(process.execPath, ["scripts/setup.mjs", "--run", "scripts/example.ts", ...words], {
    cwd: root,
    environment: { PORT: "0" },
  });
}

async function joinRoom(page: Page, url: string, username: string, room: string): Promise<void> {
  await page.goto(url);
  await page.getByText("Connected").waitFor();
  await page.locator("[name=username]").fill(username);
  await page.locator("[name=room]").fill(room);
  await page.getByRole("button", { name: "Join" }).click();
  await page.locator("#room-name", { hasText: room }).waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator("[name=text]").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** Runs in the page: join, then say hello once joined, as the client of the original description does. */
function talkLikeTheSeed(url: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const answers: string[] = [];
    const ws = new WebSocket(`${url}ws`);
    ws.onerror = () => reject(new Error("The connection failed."));
    ws.onopen = () => {
      const data = { username: "Alice", room: "general" };
      ws.send(JSON.stringify({ path: "/chat/join", id: "msg-1", data }));
    };
    ws.onmessage = (event) => {
      answers.push(String(event.data));
      const msg = JSON.parse(String(event.data)) as { id: string; data: { status: string } };
      if (msg.id === "msg-1" && msg.data.status === "joined") {
        ws.send(JSON.stringify({ path: "/chat/message", id: "msg-2", data: { text: "Hello everyone!" } }));
      }
      if (answers.length === 2) resolve(answers);
    };
  });
}
