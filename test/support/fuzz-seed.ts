import fc from "fast-check";

/**
 * What a property test says when it fails, to run it again in the same way: `EURUS_FUZZ_SEED=… EURUS_FUZZ_PATH=…`. Read in
 * place of a random seed; without a path all of the cases of that seed run.
 */
const { EURUS_FUZZ_SEED: seed, EURUS_FUZZ_PATH: path } = process.env;

fc.configureGlobal({
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path }),
});
