/** How long a path may be before it is refused. */
export interface PathLimits {
  /** Longest path, in UTF-8 bytes. */
  readonly maxPathBytes: number;
  readonly maxPathSegments: number;
}

const slash = 0x2f;
const backslash = 0x5c;
const dot = 0x2e;

/**
 * Says why a path is not canonical, or undefined when it is. Paths are attacker input, and what two programs
 * read differently (`//`, `..`, a backslash) is how private routes are reached; so nothing of it passes.
 * One trailing slash is fine, and `%` is an ordinary character. One pass, no allocation.
 */
export function pathProblem(path: string, limits: PathLimits): string | undefined {
  if (path.charCodeAt(0) !== slash) return "it does not begin with a slash";
  // Every UTF-16 unit is at least one byte, so a glance at the length keeps the loop short.
  if (path.length > limits.maxPathBytes) return `it is longer than ${limits.maxPathBytes} bytes`;

  let bytes = 0;
  let segments = 0;
  let segmentStart = 1;
  for (let index = 0; index <= path.length; index++) {
    const unit = index === path.length ? slash : path.charCodeAt(index);
    if (unit === slash) {
      if (index > 0) {
        const problem = segmentProblem(path, segmentStart, index);
        if (problem !== undefined) return problem;
        if (index > segmentStart) segments++;
        segmentStart = index + 1;
      }
    } else if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) {
      return "it contains a control character";
    } else if (unit === backslash) {
      return "it contains a backslash";
    } else if (isSurrogate(unit)) {
      if (!isPair(path, index)) return "it contains half of a surrogate pair";
      bytes += 2;
      index++;
    } else if (unit >= 0x80) {
      bytes += unit < 0x800 ? 1 : 2;
    }
  }
  bytes += path.length;
  if (bytes > limits.maxPathBytes) return `it is longer than ${limits.maxPathBytes} bytes`;
  if (segments > limits.maxPathSegments) return `it has more than ${limits.maxPathSegments} segments`;
  return undefined;
}

function segmentProblem(path: string, start: number, end: number): string | undefined {
  const length = end - start;
  // An empty last segment is the one trailing slash that is allowed.
  if (length === 0) return end === path.length ? undefined : "it contains an empty segment";
  if (length > 2 || path.charCodeAt(start) !== dot) return undefined;
  if (length === 1) return "it contains the segment .";
  return path.charCodeAt(start + 1) === dot ? "it contains the segment .." : undefined;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function isPair(path: string, index: number): boolean {
  if (path.charCodeAt(index) > 0xdbff) return false;
  const next = path.charCodeAt(index + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}
