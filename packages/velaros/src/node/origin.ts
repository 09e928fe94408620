/** The origins that may connect: same host, loopback to loopback, and what is listed. */
export class OriginPolicy {
  readonly #patterns: readonly string[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern) => pattern.toLowerCase());
  }

  /**
   * @param origin - The request's Origin header.
   * @param host - The request's Host header.
   */
  allows(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined) return true;
    const normalOrigin = origin.toLowerCase();
    const originUrl = URL.canParse(normalOrigin) ? new URL(normalOrigin) : undefined;
    if (originUrl === undefined || originUrl.host === "") return this.#patterns.includes(normalOrigin);
    const hostUrl = parseHost(host, originUrl.protocol);
    if (hostUrl !== undefined) {
      if (hostUrl.host === originUrl.host) return true;
      if (isLoopback(hostUrl.hostname) && isLoopback(originUrl.hostname)) return true;
    }
    return this.#patterns.some((pattern) =>
      matchesGlob(
        pattern,
        pattern.includes("://") ? `${originUrl.protocol}//${originUrl.host}` : originUrl.host,
      ),
    );
  }
}

/** Takes the scheme from the origin, so that a default port is the same whether written or not. */
function parseHost(host: string | undefined, protocol: string): URL | undefined {
  const url = `${protocol}//${(host ?? "").toLowerCase()}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

/** `*` stands for any run of characters except `/`. Linear in the text for each `*`: both sides may be long. */
export function matchesGlob(pattern: string, text: string): boolean {
  let patternIndex = 0;
  let textIndex = 0;
  let starIndex = -1;
  let resumeIndex = 0;
  while (textIndex < text.length) {
    if (pattern[patternIndex] === "*") {
      starIndex = patternIndex++;
      resumeIndex = textIndex;
    } else if (pattern[patternIndex] === text[textIndex]) {
      patternIndex++;
      textIndex++;
    } else if (starIndex >= 0 && text[resumeIndex] !== "/") {
      patternIndex = starIndex + 1;
      textIndex = ++resumeIndex;
    } else {
      return false;
    }
  }
  while (pattern[patternIndex] === "*") patternIndex++;
  return patternIndex === pattern.length;
}
