import { expect, test } from "vitest";
import { Backlog } from "./backlog.ts";

test("a backlog above its bound sheds the fullest holders until the rest fits", () => {
  const shed: string[] = [];
  const backlog = new Backlog<string>(100, (holder) => shed.push(holder));
  backlog.add("small", 10);
  backlog.add("large", 60);
  backlog.add("middle", 30);
  expect(shed).toEqual([]);

  backlog.add("small", 5);
  expect(shed).toEqual(["large"]);
  expect(backlog.totalBytes).toBe(45);

  backlog.add("huge", 1_000);
  expect(shed).toEqual(["large", "huge"]);
  expect(backlog.totalBytes).toBe(45);
});

test("what was taken no longer counts, and a holder that was shed is done with", () => {
  const shed: string[] = [];
  const backlog = new Backlog<string>(100, (holder) => shed.push(holder));
  backlog.add("one", 80);
  backlog.remove("one", 50);
  backlog.add("two", 60);
  expect(shed).toEqual([]);

  backlog.add("two", 60);
  backlog.remove("two", 120);
  backlog.remove("one", 1_000);
  backlog.release("one");

  expect(shed).toEqual(["two"]);
  expect(backlog.totalBytes).toBe(0);
});
