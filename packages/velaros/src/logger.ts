/** The part of a pino-compatible logger that is used. */
export interface Logger {
  /** Something that an operator may want to change. */
  warn(details: Readonly<Record<string, unknown>>, message: string): void;
  /** Something that failed. */
  error(details: Readonly<Record<string, unknown>>, message: string): void;
}
