import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import type { TestContext } from "vitest";

/**
 * Starts a real Chromium with a profile of its own, and ends it with the test. Without Chromium the test is
 * skipped and says so; in CI it fails instead.
 */
export async function openBrowser({ skip, onTestFinished }: TestContext): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    const howTo = "Chromium is not installed: sudo apt-get install -y chromium";
    if (process.env["CI"]) throw new Error(howTo);
    return skip(howTo);
  }
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  onTestFinished(() => browser.close());
  return browser;
}

function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return ["chromium", "chromium-browser", "google-chrome"]
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}
