import { BlockList, isIP } from "node:net";
import { VelarosError } from "../errors.ts";

/** Finds out who a request comes from when proxies stand between. */
export class ClientAddress {
  readonly #trusted: BlockList | undefined;

  /** @throws {@link VelarosError} `VELAROS_OPTION_INVALID` when one of the proxies is neither an address nor a network. */
  constructor(trustedProxies: readonly string[]) {
    if (trustedProxies.length === 0) return;
    this.#trusted = new BlockList();
    for (const proxy of trustedProxies) addNetwork(this.#trusted, proxy);
  }

  /**
   * @param peer - Address of the other end of the TCP connection.
   * @param forwardedFor - The request's X-Forwarded-For.
   * @returns The nearest address that is not a trusted proxy.
   */
  of(peer: string | undefined, forwardedFor: string | undefined): string {
    let address = plainAddress(peer ?? "");
    if (this.#trusted === undefined || forwardedFor === undefined) return address;
    const hops = forwardedFor.split(",");
    while (this.#isTrusted(address)) {
      const hop = plainAddress(hops.pop()?.trim() ?? "");
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  }

  #isTrusted(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#trusted?.check(address, version === 4 ? "ipv4" : "ipv6") === true;
  }
}

/**
 * Under which name connections of an address are counted. Whoever has one IPv6 address has all of its network of 64 bits,
 * and could come from another one each time.
 */
export function countedAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  const [beforeGap = "", behindGap] = address.split("%", 1)[0]?.split("::") ?? [];
  const groups = beforeGap === "" ? [] : beforeGap.split(":");
  const groupsBehind = behindGap === undefined || behindGap === "" ? [] : behindGap.split(":");
  // An IPv4 address at the end stands for two groups, and is never among the first four without a gap before it.
  const gap = 8 - groups.length - groupsBehind.length - (groupsBehind.at(-1)?.includes(".") === true ? 1 : 0);
  const all =
    behindGap === undefined ? groups : [...groups, ...Array<string>(gap).fill("0"), ...groupsBehind];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}

/** A dual-stack server sees IPv4 peers as `::ffff:192.0.2.1`. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
}

function addNetwork(list: BlockList, network: string): void {
  const [address = "", prefix, ...rest] = network.split("/");
  const version = isIP(address);
  const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
  if (
    version === 0 ||
    rest.length > 0 ||
    !Number.isInteger(bits) ||
    bits < 0 ||
    bits > (version === 4 ? 32 : 128)
  ) {
    throw new VelarosError("VELAROS_OPTION_INVALID", {
      option: "trustedProxies",
      received: network,
      expected: "a list of addresses and networks such as 10.0.0.0/8",
    });
  }
  list.addSubnet(address, bits, version === 4 ? "ipv4" : "ipv6");
}
