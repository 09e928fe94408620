import { expect, test } from "vitest";
import { gatewayAnnouncement } from "../../../../test/support/announcements.ts";
import * as subjects from "../link/subjects.ts";
import { encodeGatewayAnnouncement } from "./announcement-codec.ts";
import { announcementLimits } from "./announcement-limits.ts";
import { Questions } from "./questions.ts";

test.each([{ maxEntries: 1 }, { maxEntries: 100 }, { maxBytes: 600 }, { maxBytes: 5_000, maxEntries: 7 }])(
  "whatever announcements may be, what a gateway asks and tells goes into several of them: %o",
  (options) => {
    const limits = announcementLimits(options);
    const questions = new Questions();
    for (let index = 0; index < 300; index++) {
      questions.want(`instance-${index}`);
      questions.remind("api", { pattern: `/${index}`, claimedAt: 1 });
    }

    const asked = new Set<string>();
    const told = new Set<string>();
    for (let announcements = 0; !questions.isEmpty; announcements++) {
      expect(announcements).toBeLessThanOrEqual(600);
      const pinged = announcements % 2 === 0 ? ["pinged"] : [];
      const { wanted, claims } = questions.take(limits, pinged.length);
      const announcement = gatewayAnnouncement("g1", { wanted: [...wanted, ...pinged], claims });
      encodeGatewayAnnouncement(subjects.gatewayAnnouncement("main", "g1"), announcement, limits);
      for (const id of wanted) asked.add(id);
      for (const { pattern } of claims) told.add(pattern);
    }

    expect(asked.size).toBe(300);
    expect(told.size).toBe(300);
  },
);

test("a claim that fits into no announcement does not keep the others waiting", () => {
  const limits = announcementLimits({ maxBytes: 1_000 });
  const questions = new Questions();
  questions.remind("api", { pattern: `/${"x".repeat(400)}`, claimedAt: 1 });
  questions.remind("api", { pattern: "/short", claimedAt: 1 });

  const told = [questions.take(limits).claims, questions.take(limits).claims].flat();

  expect(told.map(({ pattern }) => pattern)).toEqual(["/short"]);
  expect(questions.isEmpty).toBe(true);
});
