/**
 * A close code as the value of a label. Clients choose freely among two thousand codes, and each value costs
 * memory here and in Prometheus: those that applications make up are counted by their range.
 */
export function statusLabel(status: number): string {
  if (status < 3_000) return String(status);
  return status < 4_000 ? "3000-3999" : "4000-4999";
}
