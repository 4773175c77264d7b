/**
 * fast-check, with the same sequences in every run of the tests: a change is then judged by itself and not by the day’s luck. What has not
 * been tried yet is looked for with `FUZZ_SEED=random npm test`; a failure prints its seed, and the sequence becomes a test of its own.
 */
import fc from 'fast-check';

const { FUZZ_SEED = '1' } = process.env;
if (FUZZ_SEED !== 'random') fc.configureGlobal({ seed: Number(FUZZ_SEED) });

export default fc;
