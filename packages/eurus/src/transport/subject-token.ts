const token = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether `text` can be a name or id, which stand in subjects as they are: 1 to 64 of A–Z a–z 0–9 `_` `-`. */
export function isSubjectToken(text: string): boolean {
  return token.test(text);
}
