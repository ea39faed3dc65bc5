import { CloudWatchClient, GetMetricDataCommand, type GetMetricDataCommandOutput } from '@aws-sdk/client-cloudwatch';
import { afterEach, expect, test } from '@jest/globals';
import { readMetrics, type MetricQuery } from '../../../../lambdas/tasks/reviews/_metric-data.ts';
import { answer, serviceAnswers } from '../../../../lib/demo/aws/answer.ts';
import { clientOf } from '../../../e2e/answers/client.ts';
import { startAnswers, type AnswersServer } from '../../../../lib/demo/aws/server.ts';
import { FROM, TO } from './_months.ts';

const CPU: MetricQuery = {
  namespace: 'AWS/ECS',
  name: 'CPUUtilization',
  dimensions: { ServiceName: 'web' },
  statistic: 'Average',
  periodSeconds: 3_600,
};
const AT = new Date(FROM.getTime() + 3_600_000);
let server: AnswersServer;

afterEach(async () => {
  await server.stop();
});

type Page = Omit<GetMetricDataCommandOutput, '$metadata'>;

async function read(pages: readonly Page[]) {
  let place = 0;
  const next = () => pages[place++] ?? {};
  server = await startAnswers({ services: [serviceAnswers('cloudwatch', '', [answer(GetMetricDataCommand, next)])] });
  const [reading] = await readMetrics(
    new CloudWatchClient(clientOf(server)),
    [CPU],
    { from: FROM, to: TO, step: 'hour' },
    AbortSignal.timeout(10_000),
  );
  return reading;
}

const whole = { Id: 'q0', StatusCode: 'Complete' as const, Timestamps: [AT], Values: [5] };

test('the points of a whole answer are read in their order, and those outside of the month are left out', async () => {
  const later = new Date(AT.getTime() + 3_600_000);
  const before = new Date(FROM.getTime() - 3_600_000);

  const reading = await read([
    { MetricDataResults: [{ ...whole, Timestamps: [later, AT, before], Values: [7, 5, 3] }] },
  ]);

  expect(reading).toEqual({
    points: [
      { at: AT.getTime() / 1_000, value: 5 },
      { at: later.getTime() / 1_000, value: 7 },
    ],
  });
});

test.each<[string, readonly Page[], string]>([
  ['whose last page is partial', [{ MetricDataResults: [{ ...whole, StatusCode: 'PartialData' }] }], 'PartialData'],
  ['that failed inside', [{ MetricDataResults: [{ ...whole, StatusCode: 'InternalError' }] }], 'InternalError'],
  ['without the metric', [{ MetricDataResults: [] }], 'not in the answer'],
  ['with more moments than values', [{ MetricDataResults: [{ ...whole, Values: [] }] }], 'not as many moments'],
  [
    'that goes round in a circle',
    [1, 2, 3].map(() => ({ MetricDataResults: [whole], NextToken: 'again' })),
    'the same page comes again',
  ],
])('an answer %s is not read as data', async (_, pages, why) => {
  expect(await read(pages)).toEqual({ unreadable: expect.stringContaining(why) });
});

test('a metric that goes on over two pages is read whole', async () => {
  const later = new Date(AT.getTime() + 3_600_000);

  const reading = await read([
    { MetricDataResults: [{ ...whole, StatusCode: 'PartialData' }], NextToken: 'more' },
    { MetricDataResults: [{ ...whole, Timestamps: [later], Values: [9] }] },
  ]);

  expect(reading).toMatchObject({ points: [{ value: 5 }, { value: 9 }] });
});
