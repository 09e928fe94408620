import { expect, test } from "vitest";
import { ManualRuntime } from "../../../../test/support/manual-runtime.ts";
import { announcementLimits } from "../directory/announcement-limits.ts";
import { gatewayAnnouncements } from "../link/subjects.ts";
import { LocalTransport } from "../transport/local.ts";
import { GatewayAnnouncer } from "./announcer.ts";

test("a gateway that has more to say than fits reports it, goes on announcing, and can leave", async () => {
  const runtime = new ManualRuntime();
  const transport = new LocalTransport();
  const problems: Error[] = [];
  let published = 0;
  transport.subscribe(gatewayAnnouncements(), () => published++);
  let wanted: readonly string[] = [];
  const announcer = new GatewayAnnouncer(transport, runtime, 1_000, {
    gatewayName: "main",
    gatewayId: "g1",
    epoch: "e1",
    versions: { min: 1, max: 1 },
    limits: announcementLimits({ maxEntries: 1 }),
    linkIds: () => new Map(),
    takeQuestions: () => ({ wanted, claims: [] }),
    onProblem: (error) => problems.push(error),
  });
  await announcer.start();

  wanted = ["i1", "i2"];
  runtime.jump(1_000);
  announcer.announceSoon();
  expect(problems).toMatchObject(Array(2).fill({ code: "EURUS_ANNOUNCEMENT_INVALID" }));

  wanted = [];
  await transport.flush();
  const before = published;
  runtime.jump(1_000);
  await transport.flush();
  expect(published).toBe(before + 1);

  wanted = ["i1", "i2"];
  announcer.goodbye();
  expect(problems).toHaveLength(3);
  expect(runtime.timers).toBe(0);
  await transport.close();
});
