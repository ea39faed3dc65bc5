import { type Benchmark, type Comparison, inRounds } from '../benchmark.ts';
import { custodianFor } from './_custodian.ts';
import { PEER, startStage, whatOf } from './_scaling.ts';
import { gateFigures, gateSame, gateTaken } from './_scaling-gates.ts';

const REGION = 'us-east-1';

export const benchmark: Benchmark = {
  goal: 'P4',
  what: 'the scaling review by plain thresholds of 1,000 services and 100 databases',
  needs: ['python3'],
  run: async (say) => {
    await using stage = await startStage(REGION);
    const ours = () => stage.ours('seed');
    const reviewed = await ours();
    const ourCounts = await stage.counts();
    gateFigures(reviewed, { hourly: false });
    const recommended = await stage.peer();
    const theirCounts = await stage.counts();
    gateSame(reviewed, recommended);
    const custodian = await custodianFor(stage.aws);

    const what = whatOf('seed');
    const { pairs, seconds } = await inRounds({ rounds: 2, sides: { ours, peer: stage.peer } });
    const counted = { peer: PEER, unit: 'count', better: 'less', pairs: 1 } as const;
    const measured: Comparison[] = [
      {
        ...{ goal: 'P4a', what, peer: PEER, unit: 'seconds', better: 'less', hold: 0.02, pairs },
        ...{ ours: seconds.ours, theirs: seconds.peer },
        because:
          'ours also lists services, task definitions, autoscaling, databases and their parameters; the peer is given names',
      },
      {
        ...{ goal: 'P4b', what: 'metric calls of the same', ...counted, hold: 0.005 },
        ...{ ours: ourCounts.calls, theirs: theirCounts.calls },
      },
      {
        ...{ goal: 'P4c', what: 'metrics billed of the same', ...counted, hold: 1 },
        ...{ ours: ourCounts.metrics, theirs: theirCounts.metrics },
        because: 'a metric whose statistics are asked for in two calls is billed in both',
      },
    ];
    if ('missing' in custodian) {
      say(`P4d passed over: Cloud Custodian cannot be measured: ${custodian.missing}`);
      return measured;
    }
    gateTaken(custodian.taken, recommended);
    const beside = await inRounds({ rounds: 2, sides: { ours, custodian: custodian.take } });
    return [
      ...measured,
      {
        ...{ goal: 'P4d', what, peer: 'Cloud Custodian, what is too small by the same thresholds' },
        ...{ unit: 'seconds', better: 'less', hold: 0.03, pairs: beside.pairs },
        ...{ ours: beside.seconds.ours, theirs: beside.seconds.custodian },
      },
    ];
  },
};
