import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("whatever clients chose, a line is one line and moves no cursor", () => {
  const program = `
    import { stderrLogger } from ${JSON.stringify(join(import.meta.dirname, "stderr-logger.ts"))};
    const log = stderrLogger("velaros");
    log.warn({ path: "/a\\n\\u001b[2J\\u0085\\u009b2J" }, "Refused a page from \\u009b31m\\u2028x\\r\\nvelaros error: forged");
  `;
  const words = ["--conditions=@velaros/source", "--import", "tsx", "--input-type=module", "-e"];
  const output = execFileSync("sh", ["-c", '"$@" 2>&1', "sh", process.execPath, ...words, program], {
    cwd: join(import.meta.dirname, "../../../.."),
  }).toString();

  expect(output).toBe(
    "velaros warning: Refused a page from \\u009b31m\\u2028x\\u000d\\u000avelaros error: forged " +
      'path="/a\\n\\u001b[2J\\u0085\\u009b2J"\n',
  );
});
