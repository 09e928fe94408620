import fc from "fast-check";
import { expect, test } from "vitest";
import { OpenMessages } from "./open-messages.ts";

test("behaves like a list of numbered messages, whatever stays open", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ add: fc.constantFrom("a", "b", "c", "d") }) },
    { weight: 4, arbitrary: fc.record({ end: fc.nat(300) }) },
    { weight: 1, arbitrary: fc.record({ find: fc.constantFrom("a", "b", "c", "x") }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
      const open = new OpenMessages();
      const model: { number: number; id: string }[] = [];
      let count = 0;

      for (const action of steps) {
        if ("add" in action) {
          const message = {
            number: ++count,
            id: action.add,
            messageType: "text" as const,
            arrival: count,
            tick: 0,
            taken: false,
          };
          open.add(message);
          model.push(message);
        } else if ("end" in action) {
          const index = model.findIndex((message) => message.number === action.end);
          expect(open.has(action.end)).toBe(index >= 0);
          expect(open.end(action.end)).toBe(index >= 0);
          if (index >= 0) model.splice(index, 1);
        } else {
          const expected = model.findLast((message) => message.id === action.find);
          expect(open.latestWithId(action.find)?.number).toBe(expected?.number);
        }
        expect(open.size).toBe(model.length);
      }

      expect(open.takeAll().map((message) => message.number)).toEqual(model.map((message) => message.number));
      expect(open.size).toBe(0);
    }),
  );
});

test("forgets an ended message once, so that a late answer to its number is recognised", () => {
  const open = new OpenMessages();
  open.add({ number: 1, id: "a", messageType: "text", arrival: 1, tick: 0, taken: false });

  expect(open.end(1)).toBe(true);

  expect(open.end(1)).toBe(false);
  expect(open.has(1)).toBe(false);
});
