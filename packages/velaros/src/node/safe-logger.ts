import type { Logger } from "../logger.ts";

/** A logger whose failures, such as a full disk, end nothing but the line. */
export function safeLogger(logger: Logger): Logger {
  return {
    warn: (details, message) => attempt(() => logger.warn(details, message)),
    error: (details, message) => attempt(() => logger.error(details, message)),
  };
}

function attempt(write: () => void): void {
  try {
    write();
  } catch {
    // There is no other place to tell it.
  }
}
