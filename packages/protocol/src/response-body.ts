/** A body that says what went wrong: `{ "error": message }`. */
export class ErrorBody {
  /** What went wrong, for people. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** What is wrong with one field of the data. Sent alone it is a list of one, see {@link FieldErrors}. */
export class FieldError {
  /** Name or path of the field, as the sender knows it. */
  readonly field: string;
  /** What is wrong, for people. */
  readonly error: string;

  constructor(field: string, error: string) {
    this.field = field;
    this.error = error;
  }
}

/** What is wrong with the fields of the data: `{ "error": "Validation error", "fields": [{ field: error }, …] }`. */
export class FieldErrors {
  /** In the order in which they are sent; a field may occur more than once. */
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    this.errors = errors;
  }
}

/** Wire data of field errors, as {@link toResponseData} and an error's details carry it. */
export function fieldErrorsData(errors: readonly FieldError[]): Record<string, unknown>[] {
  return errors.map(({ field, error }) => {
    const entry: Record<string, unknown> = Object.create(null);
    entry[field] = error;
    return entry;
  });
}

/**
 * Turns a body as handlers pass it into wire data, for encodings of plain values.
 *
 * - a string: `{ message }`
 * - an {@link ErrorBody} or a native `Error`: `{ error }`, never the stack
 * - a {@link FieldError}, {@link FieldErrors}, or a non-empty array of `FieldError`: `{ error: "Validation error", fields }`
 * - bytes: what `fromBytes` makes of them
 * - `null` and `undefined`: `undefined`, which sends no data
 * - anything else: itself
 */
export function toResponseData(body: unknown, fromBytes: (bytes: Uint8Array) => unknown): unknown {
  if (typeof body === "string") return { message: body };
  if (typeof body !== "object") return body;
  if (body === null) return undefined;
  if (body instanceof ErrorBody || body instanceof Error) return { error: body.message };
  if (body instanceof FieldError) return validationError([body]);
  if (body instanceof FieldErrors) return validationError(body.errors);
  if (ArrayBuffer.isView(body))
    return fromBytes(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  if (body instanceof ArrayBuffer) return fromBytes(new Uint8Array(body));
  if (Array.isArray(body) && body.length > 0 && body.every(isFieldError)) return validationError(body);
  return body;
}

function validationError(errors: readonly FieldError[]): unknown {
  return { error: "Validation error", fields: fieldErrorsData(errors) };
}

function isFieldError(value: unknown): value is FieldError {
  return value instanceof FieldError;
}
