// Counts durations in buckets that are at most 1.6 % wide, in the manner of HdrHistogram: recording is one
// increment, whatever the number of values.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { BUCKETS_PER_OCTAVE = 64, SUB_BITS = 6, OCTAVES = 28 };

typedef struct {
  uint32_t counts[BUCKETS_PER_OCTAVE * OCTAVES];
  uint64_t total;
} Histogram;

static inline void histogram_reset(Histogram *histogram) { memset(histogram, 0, sizeof *histogram); }

static inline void histogram_record(Histogram *histogram, int64_t nanos) {
  // Tenths of a microsecond, at most 200 s.
  uint32_t value = nanos <= 0 ? 0 : nanos >= 200000000000 ? 2000000000 : (uint32_t)(nanos / 100);
  uint32_t bucket = value;
  if (value >= 2 * BUCKETS_PER_OCTAVE) {
    uint32_t octave = 31 - (uint32_t)__builtin_clz(value) - SUB_BITS;
    bucket = octave * BUCKETS_PER_OCTAVE + (value >> octave);
  }
  histogram->counts[bucket]++;
  histogram->total++;
}

/** The duration below which this share (0 … 1) of the recorded ones lies, in microseconds; NaN when empty. */
static inline double histogram_quantile_micros(const Histogram *histogram, double share) {
  double rank = fmax(1, ceil(share * (double)histogram->total));
  uint64_t seen = 0;
  for (uint32_t bucket = 0; bucket < BUCKETS_PER_OCTAVE * OCTAVES; bucket++) {
    seen += histogram->counts[bucket];
    if (seen == 0 || (double)seen < rank) continue;
    if (bucket < 2 * BUCKETS_PER_OCTAVE) return bucket / 10.0;
    uint32_t octave = bucket / BUCKETS_PER_OCTAVE - 1;
    return (bucket - octave * BUCKETS_PER_OCTAVE + 0.5) * (double)(1u << octave) / 10.0;
  }
  return NAN;
}
