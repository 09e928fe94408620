/**
 * How large the parts of an envelope may be. They bound what one message of a hostile peer can cost.
 * Every codec enforces `depth`, `idBytes` and `metaBytes`; the path limits belong to whoever routes.
 */
export const envelopeLimits = {
  /** Arrays and objects that may be open at once, the envelope itself included. */
  depth: 64,
  /** Length of an id in bytes of UTF-8. */
  idBytes: 128,
  /** Size of the encoded metadata in bytes. */
  metaBytes: 8_192,
  /** Length of a path in bytes of UTF-8. A gateway answers longer ones `BAD_PATH`. */
  pathBytes: 1_024,
  /** Segments of a path. A gateway answers paths with more `BAD_PATH`. */
  pathSegments: 32,
} as const;
