import { expect, test } from "vitest";
import { ProcessFleet, eventually } from "../nats/process-fleet.ts";
for (let i = 0; i < 12; i++) test(`r${i}`, async () => {
    await using fleet = await ProcessFleet.start();
    const [gateway, instances] = await Promise.all([fleet.gateway(), fleet.instances(2)]);
    await gateway.knows(instances);
    const client = await fleet.client(gateway);
    await client.ask("/who");
    fleet.server.signal("SIGSTOP");
    await expect.poll(() => gateway.program.ask("busStatus"), eventually).toBe("disconnected");
    await client.ask("/who");
    const t0 = performance.now();
    fleet.server.signal("SIGCONT");
    let log = "";
    for (let k = 0; k < 400; k++) { const r = await client.ask("/who"); const c = r.error?.code ?? "ok"; log += ` ${Math.round(performance.now()-t0)}:${c}`; if (k > 30 && performance.now() - t0 > 4000) break; await new Promise(r => setTimeout(r, 10)); }
    const s = log.replace(/(:(\w+))( \d+:\2)+/g, "$1*");
    console.log(i, s, r(gateway, await gateway.events()), JSON.stringify((await Promise.all(instances.map((x) => x.events()))).map((l) => l.filter((e) => e.type === "bus" || e.type === "gateway-link-lost"))));
}, 60000);
function r(_: any, events: any) { return JSON.stringify(events.filter((e: any) => /bus|suspect|restored|lost|refused/.test(e.type)).map((e: any) => e.status ?? e.code ?? e.type)); }
