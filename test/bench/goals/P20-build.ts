import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Benchmark, type Comparison, median } from '../benchmark.ts';
import { gate } from '../gate.ts';
import { perform, temporaryFolder } from '../programs.ts';
import { SCALE } from '../size.ts';
import { forgetBundles, gateAssets, synthesizeApp } from './_app.ts';
import type { AppRequest } from './_app-process.ts';
import { writeSources } from './_handlers.ts';

// Each takes the peer half a second a function, twice.
const PAIRS = SCALE < 1 ? 1 : 5;
const MOST_SECONDS_A_PLATFORM = 0.025;
const [FEW, MANY] = [1, 6];
const PLATFORMS_SCRIPT = fileURLToPath(new URL('./_platforms-process.ts', import.meta.url));
const BUILDS = ['ours', 'nodejs-function'] as const;

interface Taken {
  readonly cold: number[];
  readonly unchanged: number[];
}

export const benchmark: Benchmark = {
  goal: 'P20',
  what: 'building and synthesizing an app of all handlers',
  run: async () => {
    await using folder = await temporaryFolder();
    const taken = { ours: { cold: [], unchanged: [] }, 'nodejs-function': { cold: [], unchanged: [] } };
    let handlers = 0;
    for (let pair = 0; pair < PAIRS; pair += 1) {
      for (const build of pair % 2 === 0 ? BUILDS : BUILDS.toReversed()) {
        handlers = await buildTwice(build, join(folder.path, `${build}-${pair}`), taken[build], pair === 0);
      }
    }
    const of = (which: keyof Taken) => ({
      ours: median(taken.ours[which]),
      theirs: median(taken['nodejs-function'][which]),
    });
    const timed = { unit: 'seconds', better: 'less', pairs: PAIRS, peer: 'the same app of `NodejsFunction`s' } as const;
    const what = `build and synth of one stack with ${handlers} functions in a process of its own`;
    const because = 'loading the loader of TypeScript and CDK takes the same time on both sides';
    return [
      { goal: 'P20a', what: `${what}, nothing built before`, ...timed, ...of('cold'), hold: 0.3, because },
      { goal: 'P20b', what: `${what}, nothing changed since`, ...timed, ...of('unchanged'), hold: 0.15, because },
      await onePlatformMore(),
    ];
  },
};

async function buildTwice(build: AppRequest['build'], outdir: string, taken: Taken, isFirst: boolean): Promise<number> {
  await using sources = await writeSources();
  for (const seconds of [taken.cold, taken.unchanged]) {
    const start = performance.now();
    const answer = await synthesizeApp(build, sources, outdir);
    seconds.push((performance.now() - start) / 1_000);
    if (isFirst && seconds === taken.cold) await gateAssets(answer, sources);
    if (seconds === taken.unchanged) await forgetBundles(answer);
  }
  return sources.entries.size;
}

async function onePlatformMore(): Promise<Comparison> {
  const counts = Array.from({ length: PAIRS }, () => [FEW, MANY]).flat();
  const { stdout } = await perform(process.execPath, PLATFORMS_SCRIPT, ...counts.map(String));
  const measured = JSON.parse(stdout) as { readonly count: number; readonly seconds: number }[];
  const secondsFor = (wanted: number) =>
    median(measured.filter(({ count }) => count === wanted).map(({ seconds }) => seconds));
  gate(secondsFor(MANY) > secondsFor(FEW), `${MANY} platforms took no longer than ${FEW}: ${stdout}`);
  return {
    ...{
      goal: 'P20c',
      what: 'synth of one platform more, like EventChain',
      peer: 'the limit',
      hold: 1,
      better: 'less',
    },
    ...{ ours: (secondsFor(MANY) - secondsFor(FEW)) / (MANY - FEW), theirs: MOST_SECONDS_A_PLATFORM },
    ...{ unit: 'seconds', pairs: PAIRS },
    because:
      'four fifths of it are CDK’s own validation of the template and cdk-nag, to which every stack is held; and every ' +
      'platform has a stack of its own, so that none can touch what belongs to another',
  };
}
