import type { Runtime } from "velaros-protocol";
import { VelarosError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { texts } from "../option-checks.ts";
import { pingTimes } from "../ping-times.ts";
import { descriptorLimit } from "./descriptor-limit.ts";
import { memoryOfMachine } from "./memory-source.ts";
import type { AttachOptions, Authenticate } from "./options.ts";
import type { RefusalReason } from "./refusal.ts";
import { nodeRuntime } from "./runtime.ts";
import { safeLogger } from "./safe-logger.ts";

/** {@link AttachOptions} checked, with every default filled in. */
export interface Settings {
  readonly path: string | undefined;
  readonly origins: readonly string[];
  readonly authenticate: Authenticate | undefined;
  readonly authenticateTimeoutMs: number;
  readonly maxPendingAuthentications: number;
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
  readonly maxPendingPongs: number;
  readonly maxHeaders: number;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly pingTimeoutCutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnectionAgeMs: number;
  readonly messageTimeoutMs: number;
  readonly messagesPerSecond: number;
  readonly messageBurst: number;
  readonly bytesPerSecond: number;
  readonly byteBurst: number;
  readonly ratePatienceMs: number;
  readonly sendWaitsAboveBytes: number;
  readonly maxBufferedBytes: number;
  readonly stallTimeoutMs: number;
  readonly pauseTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxAcceptsPerSecond: number;
  readonly refuseAboveMemoryPercent: number;
  readonly closeAboveMemoryPercent: number;
  readonly maxProcessMemoryBytes: number;
  readonly trustedProxies: readonly string[];
  readonly logger: Logger | undefined;
  readonly onRefused: ((reason: RefusalReason) => void) | undefined;
  readonly runtime: Runtime;
}

const mebibyte = 1024 * 1024;
/** Larger values don't fit what `ws` keeps them in. */
const maxInteger = 2 ** 31 - 1;

/** @throws {@link VelarosError} `VELAROS_OPTION_INVALID` for a number outside its range. */
export function resolveSettings(options: AttachOptions): Settings {
  const messagesPerSecond = positive("messagesPerSecond", options.messagesPerSecond ?? 1_000);
  const bytesPerSecond = positive("bytesPerSecond", options.bytesPerSecond ?? Infinity);
  const ping = pingTimes(options);
  return {
    path: checkedPath(options.path),
    origins: texts("origins", options.origins ?? []),
    authenticate: options.authenticate,
    authenticateTimeoutMs: positive("authenticateTimeoutMs", options.authenticateTimeoutMs ?? 5_000),
    maxPendingAuthentications: positive(
      "maxPendingAuthentications",
      options.maxPendingAuthentications ?? 1_000,
    ),
    maxMessageBytes: whole("maxMessageBytes", options.maxMessageBytes ?? mebibyte),
    maxFragments: whole("maxFragments", options.maxFragments ?? 1_024, "frames"),
    maxBufferedChunks: whole("maxBufferedChunks", options.maxBufferedChunks ?? 4_096, "chunks"),
    maxPendingPongs: whole("maxPendingPongs", options.maxPendingPongs ?? 16, "pongs"),
    maxHeaders: whole("maxHeaders", options.maxHeaders ?? 100, "headers"),
    pingIntervalMs: ping.intervalMs === 0 ? 0 : positive("pingIntervalMs", ping.intervalMs),
    pongTimeoutMs: positive("pongTimeoutMs", ping.timeoutMs),
    pingTimeoutCutMs: positive("pingTimeoutCutMs", options.pingTimeoutCutMs ?? 1_000),
    idleTimeoutMs: positive("idleTimeoutMs", options.idleTimeoutMs ?? Infinity),
    maxConnectionAgeMs: positive("maxConnectionAgeMs", options.maxConnectionAgeMs ?? Infinity),
    messageTimeoutMs: positive("messageTimeoutMs", options.messageTimeoutMs ?? 30_000),
    messagesPerSecond,
    messageBurst: positive("messageBurst", options.messageBurst ?? messagesPerSecond * 2),
    bytesPerSecond,
    byteBurst: positive("byteBurst", options.byteBurst ?? bytesPerSecond * 4),
    ratePatienceMs: positive("ratePatienceMs", options.ratePatienceMs ?? 10_000),
    sendWaitsAboveBytes: whole("sendWaitsAboveBytes", options.sendWaitsAboveBytes ?? mebibyte),
    maxBufferedBytes: whole("maxBufferedBytes", options.maxBufferedBytes ?? 4 * mebibyte),
    stallTimeoutMs: positive("stallTimeoutMs", options.stallTimeoutMs ?? 10_000),
    pauseTimeoutMs: positive("pauseTimeoutMs", options.pauseTimeoutMs ?? 30_000),
    closeTimeoutMs: positive("closeTimeoutMs", options.closeTimeoutMs ?? 5_000),
    maxConnections: positive("maxConnections", options.maxConnections ?? defaultMaxConnections()),
    maxConnectionsPerAddress: positive(
      "maxConnectionsPerAddress",
      options.maxConnectionsPerAddress ?? Infinity,
    ),
    maxAcceptsPerSecond: positive("maxAcceptsPerSecond", options.maxAcceptsPerSecond ?? Infinity),
    refuseAboveMemoryPercent: percent("refuseAboveMemoryPercent", options.refuseAboveMemoryPercent ?? 80),
    closeAboveMemoryPercent: percent("closeAboveMemoryPercent", options.closeAboveMemoryPercent ?? 90),
    maxProcessMemoryBytes: positive(
      "maxProcessMemoryBytes",
      options.maxProcessMemoryBytes ?? memoryOfMachine(),
    ),
    trustedProxies: texts("trustedProxies", options.trustedProxies ?? []),
    logger: options.logger === undefined ? undefined : safeLogger(options.logger),
    onRefused: options.onRefused,
    runtime: options.runtime ?? nodeRuntime,
  };
}

function checkedPath(path: string | undefined): string | undefined {
  if (path === undefined || (typeof path === "string" && path.startsWith("/"))) return path;
  throw new VelarosError("VELAROS_OPTION_INVALID", {
    option: "path",
    received: path,
    expected: 'a path that begins with "/"',
  });
}

function positive(option: string, value: number): number {
  if (typeof value === "number" && value > 0) return value;
  const expected = "a number greater than 0";
  throw new VelarosError("VELAROS_OPTION_INVALID", { option, received: value, expected });
}

/** Nobody means less than one: `0.8` is meant for 80, and would send everybody away. */
function percent(option: string, value: number): number {
  if (typeof value === "number" && value >= 1 && (value <= 100 || value === Infinity)) return value;
  const expected = "a percentage from 1 to 100, such as 80, or Infinity for never";
  throw new VelarosError("VELAROS_OPTION_INVALID", { option, received: value, expected });
}

/** @throws {@link VelarosError} `VELAROS_OPTION_INVALID` for anything but a whole number of at least one. */
export function whole(option: string, value: number, unit: string = "bytes"): number {
  if (Number.isInteger(value) && value > 0 && value <= maxInteger) return value;
  throw new VelarosError("VELAROS_OPTION_INVALID", {
    option,
    received: value,
    expected: `a whole number of ${unit} from 1 to ${maxInteger}`,
  });
}

/** Leaves a fifth of the descriptors to everything that is not a client. */
function defaultMaxConnections(): number {
  return Math.max(1, Math.min(16_000, Math.floor(descriptorLimit() * 0.8)));
}
