import type { UpgradePlan } from '../../../lambdas/tasks/reviews/plan-upgrades/document.ts';
import { task } from '../../../lambdas/tasks/reviews/plan-upgrades/index.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { type Benchmark, inRounds } from '../benchmark.ts';
import { startProcess } from '../child.ts';
import { gate } from '../gate.ts';
import { sized } from '../size.ts';
import { imageId, IMAGES, NEWEST, PROJECT } from './_machines.ts';
import { awsAt, inEnvironment, sayOf } from './_python.ts';

const INSTANCES = sized(1_000, 60);
const DATABASES = 20;
/** One in which no other goal has asked: clients are made once a region and keep their address. */
const REGION = 'us-west-2';
const NOW = new Date('2026-07-01T03:20:00Z');
const PEER = 'two lists of images an instance, one of versions a database (botocore)';

/** By service. */
type Counts = Readonly<Record<string, number>>;

/** What the peer reads. */
interface Seen {
  readonly images: Readonly<
    Record<string, { readonly image: string; readonly created: string; readonly newest: string }>
  >;
  readonly databases: Readonly<Record<string, string | null>>;
  readonly clusters: Readonly<Record<string, string>>;
}

export const benchmark: Benchmark = {
  goal: 'upgrades',
  what: `the plan of upgrades for 1,000 instances on ${IMAGES} images`,
  needs: ['python3'],
  run: async (say) => {
    await using stack = new AsyncDisposableStack();
    const size = [String(INSTANCES), String(DATABASES)];
    const account = stack.use(await startProcess('_upgrades-process.ts', ...size));
    const aws = awsAt(String(account.ready), REGION);
    stack.use(inEnvironment(aws));
    const counts = async () => (await account.ask('counts')) as Counts;
    const ours = async () => {
      const input = { tag: `Project=${PROJECT}` };
      const { document } = await resultOf({ task, targets: { account: { region: REGION } }, input, now: NOW });
      return document as unknown as UpgradePlan;
    };
    const peer = async () => (await sayOf('_upgrades-peer.py', { project: PROJECT }, aws)) as Seen;
    const plan = await ours();
    const ourCounts = await counts();
    const seen = await peer();
    gateSame(plan, seen);
    const found = Object.values(seen.images).filter(({ created, newest }) => newest > created);
    say(`newer images are found for ${plan.ami_upgrades.length} instances, and for ${found.length} by the peer`);
    const theirCounts = await counts();

    const { pairs, seconds } = await inRounds({ rounds: 2, sides: { ours, peer } });
    const what = `reviews-plan-upgrades of ${INSTANCES.toLocaleString('en-GB')} instances on ${IMAGES} images`;
    return [
      {
        ...{ goal: 'upgrades a', what: `calls of EC2 of ${what}`, peer: PEER, unit: 'count', better: 'less' },
        ...{ hold: 0.01, pairs: 1, ours: ourCounts['ec2'] ?? Number.NaN, theirs: theirCounts['ec2'] ?? 0 },
      },
      {
        ...{ goal: 'upgrades b', what, peer: PEER, unit: 'seconds', better: 'less', hold: 0.02, pairs },
        ...{ ours: seconds.ours, theirs: seconds.peer },
      },
    ];
  },
};

/** Throws unless both read the same of everything, and every machine is told the newest image there is. */
function gateSame(plan: UpgradePlan, seen: Seen): void {
  const unread = plan.regions.flatMap(({ unknown }) => unknown.map(({ part }) => part));
  gate(unread.length === 0, `could not be read: ${unread.join(', ')}`);
  const due = new Map(plan.ami_upgrades.map((one) => [one.instance_id, one]));
  const machines = Object.entries(seen.images);
  gate(machines.length === INSTANCES, `${machines.length} instances were read by the peer`);
  for (const [id, { image, created }] of machines) {
    const upgrade = due.get(id);
    if (image === imageId(NEWEST)) {
      gate(upgrade === undefined, `${id} runs the newest image, and is told ${upgrade?.recommended_ami}`);
      continue;
    }
    const isSame = upgrade?.current_ami === image && dayOf(upgrade.current_ami_date) === dayOf(created);
    gate(isSame, `${id} runs ${image} of ${created}, and not ${upgrade?.current_ami} of ${upgrade?.current_ami_date}`);
    gate(upgrade.recommended_ami === imageId(NEWEST), `${id} is told ${upgrade.recommended_ami}`);
  }
  for (const [name, version] of Object.entries(seen.databases)) {
    const minor = plan.rds_upgrades.find((one) => one.db_instance === name && !one.is_major_upgrade);
    gate(
      (minor?.recommended_version ?? null) === version,
      `${name} is told ${minor?.recommended_version}, and not ${version}`,
    );
  }
  const clusters = plan.regions.flatMap((region) => region.clusters.map(({ cluster_name }) => cluster_name));
  gate(
    Object.keys(seen.clusters).every((name) => clusters.includes(name)),
    'a cluster is missing',
  );
}

function dayOf(moment: string | null): string | undefined {
  return moment?.slice(0, 10);
}
