/**
 * Every code that an error answer may carry, with the sentence that goes with it when nobody supplies a
 * better one. Codes never change their meaning. `docs/errors.md` holds the same table; a test compares them.
 */
export const wireErrors = {
  NOT_FOUND: "Nothing handles this path.",
  BAD_MESSAGE: "The message could not be read.",
  BAD_PATH: "The path is not canonical.",
  VALIDATION_FAILED: "The data does not have the expected form.",
  SERVICE_UNAVAILABLE: "No instance of the service can be reached.",
  DELIVERY_UNKNOWN: "The service was lost before it answered; the message may or may not have been handled.",
  SESSION_RESET: "The service instance that held this connection's state is gone; its state is lost.",
  OVERLOADED: "Too much is in flight.",
  RATE_LIMITED: "Messages arrive faster than this connection may send them.",
  TIMEOUT: "No answer came in time.",
  SHUTTING_DOWN: "The server is stopping and takes no new work.",
  FORBIDDEN: "This is not allowed.",
  INTERNAL: "The handler failed.",
} as const;

/** A code of {@link wireErrors}. */
export type WireErrorCode = keyof typeof wireErrors;
