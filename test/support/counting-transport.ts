import { WrappedTransport } from "./wrapped-transport.ts";

/** A bus that notes what is published on it, announcements aside. */
export class CountingTransport extends WrappedTransport {
  /** Subjects of what was published, in order. */
  readonly subjects: string[] = [];

  override publish(subject: string, payload: Uint8Array | object, undeliverableSubject?: string): void {
    if (!subject.includes(".announce.")) this.subjects.push(subject);
    super.publish(subject, payload, undeliverableSubject);
  }
}
