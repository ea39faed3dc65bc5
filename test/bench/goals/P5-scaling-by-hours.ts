import { type Benchmark, inRounds } from '../benchmark.ts';
import { PEER, startStage, whatOf } from './_scaling.ts';
import { gateFigures } from './_scaling-gates.ts';

const REGION = 'eu-west-1';

export const benchmark: Benchmark = {
  goal: 'P5',
  what: 'the scaling review by percentiles of every hour',
  needs: ['python3'],
  run: async () => {
    await using stage = await startStage(REGION);
    const reviewed = await stage.ours('percentile');
    const ourCounts = await stage.counts();
    gateFigures(reviewed, { hourly: true });

    let theirs = 0;
    let { throttled, calls: made } = ourCounts;
    const { pairs, seconds } = await inRounds({
      rounds: 2,
      sides: { ours: () => stage.ours('percentile'), peer: stage.peer },
      after: async (side) => {
        const counts = await stage.counts();
        if (side === 'peer') theirs = counts.calls;
        else {
          throttled += counts.throttled;
          made += counts.calls;
        }
      },
    });
    const what = whatOf('percentile');
    return [
      {
        ...{ goal: 'P5a', what, peer: PEER, unit: 'seconds', better: 'less', hold: 0.15, pairs },
        ...{ ours: seconds.ours, theirs: seconds.peer },
        because: 'an account may read no more than 396,000 points a second, whoever asks',
      },
      {
        ...{ goal: 'P5b', what: 'metric calls of the same', peer: PEER, hold: 0.02 },
        ...{ unit: 'count', better: 'less', pairs: 1, ours: ourCounts.calls, theirs },
      },
      {
        ...{ goal: 'P5c', what: 'metric calls of the same that were throttled', peer: 'all of them' },
        ...{ unit: 'count', better: 'less', hold: 0, pairs: 1, ours: throttled, theirs: made },
        because: 'five calls at once ask for more points than an account may read within a second',
      },
    ];
  },
};
