/**
 * Makes a function that tells whether a subject matches a subscription: `*` stands for one token, a final `>`
 * for one or more.
 */
export function subjectMatcher(pattern: string): (subject: string) => boolean {
  if (!/[*>]/.test(pattern)) return (subject) => subject === pattern;
  const prefix = pattern.slice(0, -1);
  // The common case, everything below one point, needs no splitting.
  if (pattern.endsWith(".>") && !/[*>]/.test(prefix)) {
    return (subject) => subject.length > prefix.length && subject.startsWith(prefix);
  }
  const tokens = pattern.split(".");
  return (subject) => {
    const actual = subject.split(".");
    for (const [index, token] of tokens.entries()) {
      if (token === ">" && index === tokens.length - 1) return actual.length > index;
      if (actual[index] === undefined || (token !== "*" && token !== actual[index])) return false;
    }
    return actual.length === tokens.length;
  };
}
