import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { startPair, withCloud, type Pair } from './pair.ts';
import { makeQueue, messagesOf, type TestQueue } from './queue.ts';
import { ACCOUNT, REGION, type Cloud } from './server.ts';

const ROLE = `arn:aws:iam::${ACCOUNT}:role/scheduler`;
const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:gone`;

const AT = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 1_000);
const INPUT = { trigger: 'schedule', scheduledTime: '<aws.scheduler.scheduled-time>' };

/** What arrived at each. */
interface Seen {
  readonly stock: readonly string[];
  readonly patched: readonly string[];
}

/** What `at()` takes: an instant on the clocks of a zone, without its offset. */
function localTime(instant: Date, timeZone: string): string {
  return instant.toLocaleString('sv-SE', { timeZone }).replace(' ', 'T');
}

withCloud('a schedule', () => {
  let pair: Pair;
  let seen: Readonly<Record<'zones' | 'attributes' | 'undelivered', Seen>>;

  beforeAll(async () => {
    pair = await startPair('schedules');
    // At the same time, because stock looks every ten seconds only.
    const [zones, attributes, undelivered] = await Promise.all([
      both('zones', async (cloud, { arn: target }) => {
        const soon = localTime(new Date(Date.now() + 1_000), 'Pacific/Auckland');
        await make(cloud, { name: 'due', zone: 'Pacific/Auckland', input: 'is due', target, at: soon });
        const inAnHour = localTime(new Date(Date.now() + 3_600_000), 'America/New_York');
        await make(cloud, {
          name: 'later',
          zone: 'America/New_York',
          input: 'is due in an hour',
          target,
          at: inAnHour,
        });
      }),
      both('attributes', (cloud, { arn: target }) =>
        make(cloud, { name: 'attribute', at: localTime(AT, 'UTC'), input: INPUT, target }),
      ),
      both('undelivered', (cloud, { arn: deadLetters }) => {
        const at = localTime(new Date(Date.now() + 1_000), 'UTC');
        return make(cloud, { name: 'dead', at, input: 'nobody took it', target: MACHINE, deadLetters });
      }),
    ]);
    seen = { zones, attributes, undelivered };
  });
  afterAll(() => pair.stop());

  interface Wanted {
    readonly name: string;
    readonly at: string;
    readonly zone?: string;
    readonly input: unknown;
    readonly target: string;
    readonly deadLetters?: string;
  }

  async function make({ client }: Cloud, { name, at, zone = 'UTC', input, target, deadLetters }: Wanted) {
    const scheduler = new SchedulerClient({ ...client, ...awsClientSettings() });
    await scheduler.send(
      new CreateScheduleCommand({
        Name: name,
        ScheduleExpression: `at(${at})`,
        ScheduleExpressionTimezone: zone,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: target,
          RoleArn: ROLE,
          Input: JSON.stringify(input),
          ...(deadLetters !== undefined && { DeadLetterConfig: { Arn: deadLetters } }),
        },
      }),
    );
  }

  /** Asks both for the same, and answers what arrives at each until the last of it has. */
  async function both(name: string, ask: (cloud: Cloud, queue: TestQueue) => Promise<void>): Promise<Seen> {
    const arrived = async (cloud: Cloud) => {
      const queue = await makeQueue(cloud, name);
      await ask(cloud, queue);
      const soon = new Date(Date.now() + 3_000);
      await make(cloud, { name: `${name}-last`, at: localTime(soon, 'UTC'), input: 'last', target: queue.arn });
      return messagesOf(cloud, queue, (messages) => messages.includes('"last"'));
    };
    const [stock, patched] = await Promise.all([arrived(pair.stock), arrived(pair.patched)]);
    return { stock: stock.filter((text) => text !== '"last"'), patched: patched.filter((text) => text !== '"last"') };
  }

  test('fires at the time of its zone; stock takes every clock for one of UTC', () => {
    expect(seen.zones.stock).toEqual(['"is due in an hour"']);
    expect(seen.zones.patched).toEqual(['"is due"']);
  });

  test('puts the scheduled time into its input; stock hands the name of the attribute on', () => {
    const scheduledTime = AT.toISOString().replace('.000Z', 'Z');

    expect(seen.attributes.stock.map((text) => JSON.parse(text) as unknown)).toEqual([INPUT]);
    expect(seen.attributes.patched.map((text) => JSON.parse(text) as unknown)).toEqual([{ ...INPUT, scheduledTime }]);
  });

  test('sends a start that found no machine to its dead letters; stock forgets it', () => {
    expect(seen.undelivered.stock).toEqual([]);
    expect(seen.undelivered.patched).toEqual(['"nobody took it"']);
  });
});
