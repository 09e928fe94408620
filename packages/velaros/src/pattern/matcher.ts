/**
 * Matches a whole path against one pattern: the values of its dynamic chunks in pattern order, or undefined. Takes
 * time linear in the length of the path.
 */
export type Matcher = (path: string) => readonly string[] | undefined;

/** Told of every piece of work, in characters and table cells, so that a test can see how cost grows. */
export type Meter = (cost: number) => void;

/** Whether a chunk takes this segment. */
export type SegmentTest = (segment: string) => boolean;
