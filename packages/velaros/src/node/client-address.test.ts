import fc from "fast-check";
import { expect, test } from "vitest";
import { openWebSocket, startEdge } from "../../../../test/support/edge.ts";
import { handshake, RawClient } from "../../../../test/support/raw-client.ts";
import { countedAddress } from "./client-address.ts";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["2001:0DB8::0001", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["1::2:3:4:5:6:7", "1:0:2:3::/64"],
  ["64:ff9b::192.0.2.33", "64:ff9b:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", ""],
])("%s is counted as %s", (address, counted) => {
  expect(countedAddress(address)).toBe(counted);
});

test("any two addresses of one network are counted together, however they are written", () => {
  const group = fc.oneof(
    fc.constant("0"),
    fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16)),
  );
  const four = fc.tuple(group, group, group, group);
  fc.assert(
    fc.property(four, four, (network, host) => {
      const address = [...network, ...host].join(":");
      const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);

      expect(countedAddress(address)).toBe(`${network.join(":")}::/64`);
      expect(countedAddress(shortest)).toBe(countedAddress(address));
    }),
  );
});

test("a client that comes from another address of its network each time has no more connections than one", async () => {
  await using edge = await startEdge({ maxConnectionsPerAddress: 2, trustedProxies: ["127.0.0.1"] });
  const headers = (host: string): Record<string, string> => ({ "X-Forwarded-For": `2001:db8::${host}` });
  const first = await openWebSocket(edge.listening.url, [], { headers: headers("1") });
  const second = await openWebSocket(edge.listening.url, [], { headers: headers("ffff") });
  using third = await RawClient.connect(edge.port);
  third.socket.write(handshake(headers("2:3")));
  await third.until(() => third.response !== undefined);

  expect(third.response).toMatch(/^HTTP\/1.1 429 /);
  first.terminate();
  await expect.poll(() => edge.listening.size).toBe(1);
  const again = await openWebSocket(edge.listening.url, [], { headers: headers("4") });
  again.terminate();
  second.terminate();
});
