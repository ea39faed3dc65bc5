import { describe, expect, test } from '@jest/globals';
import { judgeAnswer, type Expectation, type Seen } from '../../../../lambdas/tasks/endpoints/_answer.ts';

const now = new Date('2026-11-21T02:00:00Z');
const EXPECTATION: Expectation = {
  expectStatus: ['2xx'],
  expect: 'any',
  expectText: undefined,
  rejectText: [],
  healthyWords: [],
  ignoreDependencies: [],
  maxAgeSeconds: 300,
  slowAboveSeconds: 2,
};

function judge(body: unknown, expectation: Partial<Expectation> = {}, seen: Partial<Seen> = {}): string[] {
  const isText = typeof body === 'string';
  const headers = { 'content-type': isText ? 'text/plain' : 'application/json' };
  const text = isText ? body : JSON.stringify(body);
  const whole = { status: 200, headers, cut: false, seconds: 0.1, path: '/health', text, ...seen };
  return judgeAnswer(whole, { ...EXPECTATION, ...expectation }, now).map(({ kind, part }) =>
    part === undefined ? kind : `${kind} ${part}`,
  );
}

const HEALTHY: Readonly<Record<string, unknown>> = {
  'Actuator 3': {
    status: 'UP',
    groups: ['liveness', 'readiness'],
    components: {
      db: { status: 'UP', details: { database: 'PostgreSQL', validationQuery: 'isValid()' } },
      diskSpace: { status: 'UP', details: { total: 1, free: 1, threshold: 1, exists: true, error: false } },
      livenessState: { status: 'UP' },
    },
  },
  'Actuator 1': { status: 'UP', db: { status: 'UP', hello: 1 }, diskSpace: { status: 'UP', free: 1 } },
  'health+json': {
    status: 'pass',
    version: '1',
    notes: [''],
    output: '',
    checks: { 'cassandra:responseTimes': [{ componentId: 'a', observedValue: 250, status: 'pass', output: '' }] },
  },
  MicroProfile: { status: 'UP', checks: [{ name: 'db', status: 'UP', data: { error: 'none' } }] },
  'ASP.NET': { status: 'Healthy', totalDuration: '0:0:1', entries: { sql: { status: 'Healthy', data: {}, tags: [] } } },
  Terminus: { status: 'ok', info: { db: { status: 'up' } }, error: {}, details: { db: { status: 'up' } } },
  Dropwizard: { deadlocks: { healthy: true }, db: { healthy: true, message: 'fine' } },
  Grafana: { commit: 'abc', database: 'ok', version: '11.0.0' },
  etcd: { health: 'true', reason: '' },
  Elasticsearch: { cluster_name: 'x', status: 'green', timed_out: false, number_of_nodes: 3 },
  Kibana: { name: 'k', status: { overall: { level: 'available' }, core: { savedObjects: { level: 'available' } } } },
  Consul: [{ CheckID: 'serfHealth', Name: 'Serf', Status: 'passing' }],
  'health-go': { status: 'OK', timestamp: '2026-11-21T01:59:59Z', system: { goroutines_count: 4 } },
  'plain map': { status: 'ok', checks: { database: 'ok', redis: true } },
  'nothing of health': { orders: [{ status: 'failed' }], errors: [], error: null },
  'a list of orders': [{ status: 'failed' }, { status: 'shipped' }],
  'ASP.NET text': 'Healthy',
  'Kubernetes text': '[+]ping ok\n[+]etcd ok\nhealthz check passed\n',
  'plain OK': 'OK\n',
};

const SICK: Readonly<Record<string, { readonly body: unknown; readonly found: readonly string[] }>> = {
  'Actuator that is down': { body: { status: 'DOWN' }, found: ['reports-unhealthy'] },
  'Actuator out of service': { body: { status: 'OUT_OF_SERVICE' }, found: ['reports-unhealthy'] },
  'Actuator 3 with a sick part in a healthy whole': {
    body: { status: 'UP', components: { db: { status: 'DOWN', details: { error: 'x' } }, disk: { status: 'UP' } } },
    found: ['dependency-down db'],
  },
  'Actuator 2 with a composite': {
    body: {
      status: 'UP',
      details: { db: { status: 'DOWN', details: { read: { status: 'DOWN' }, write: { status: 'UP' } } } },
    },
    found: ['dependency-down db/read'],
  },
  'Actuator 1': { body: { status: 'UP', redis: { status: 'DOWN', error: 'x' } }, found: ['dependency-down redis'] },
  'health+json': {
    body: { status: 'warn', checks: { 'db:connections': [{ status: 'pass' }, { status: 'fail', componentId: 'b' }] } },
    found: ['reports-degraded', 'dependency-down db:connections/b'],
  },
  MicroProfile: {
    body: { status: 'UP', checks: [{ name: 'kafka', status: 'DOWN' }] },
    found: ['dependency-down kafka'],
  },
  'ASP.NET': {
    body: { status: 'Degraded', entries: { redis: { status: 'Degraded' }, sql: { status: 'Unhealthy' } } },
    found: ['reports-degraded', 'dependency-degraded redis', 'dependency-down sql'],
  },
  Terminus: {
    body: { status: 'ok', info: {}, error: { db: { status: 'down' } }, details: { db: { status: 'down' } } },
    found: ['dependency-down db'],
  },
  Dropwizard: { body: { db: { healthy: false, message: 'gone' } }, found: ['dependency-down db'] },
  Grafana: { body: { database: 'failing', version: '11' }, found: ['dependency-down database'] },
  etcd: { body: { health: 'false' }, found: ['reports-unhealthy'] },
  Elasticsearch: { body: { status: 'red' }, found: ['reports-unhealthy'] },
  Consul: { body: [{ Name: 'web', Status: 'critical' }], found: ['dependency-down web'] },
  'health-go': { body: { status: 'OK', failures: { rabbitmq: 'no connection' } }, found: ['dependency-down rabbitmq'] },
  'a plain map': { body: { status: 'ok', checks: { redis: 'failing' } }, found: ['dependency-down redis'] },
  'a flag': { body: { ok: false }, found: ['reports-unhealthy'] },
  'a status of the protocol': { body: { status: 500, message: 'Internal' }, found: ['reports-unhealthy'] },
  'an error without a status': { body: { error: { code: 'X', message: 'no database' } }, found: ['reports-unhealthy'] },
  'errors of GraphQL': { body: { data: null, errors: [{ message: 'x' }] }, found: ['reports-unhealthy'] },
  'a word with a reason': { body: { status: 'unavailable: no leader' }, found: ['reports-unhealthy'] },
  'the word unknown': { body: { status: 'UNKNOWN' }, found: ['status-not-understood'] },
  'a word that nobody knows': { body: { status: 'SPLENDID' }, found: ['status-not-understood'] },
  'a part that is not known': {
    body: { status: 'UP', components: { discovery: { status: 'UNKNOWN' } } },
    found: ['dependency-unknown discovery'],
  },
  'ASP.NET text': { body: 'Unhealthy', found: ['reports-unhealthy'] },
  'Kubernetes text': {
    body: '[+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed\n',
    found: ['dependency-down etcd'],
  },
};

test.each(Object.entries(HEALTHY))('a healthy answer is not accused: %s', (_name, body) => {
  expect(judge(body)).toEqual([]);
});

test.each(Object.entries(SICK))('a 200 that says that something is wrong is heard: %s', (_name, { body, found }) => {
  expect(judge(body)).toEqual(found);
});

describe('the words of the platform', () => {
  test('its own word for healthy is understood', () => {
    expect(judge({ status: 'SPLENDID' }, { healthyWords: ['splendid'] })).toEqual([]);
  });

  test('what it can do without is passed over, and the whole that is down because of it as well', () => {
    const body = { status: 'DOWN', components: { mail: { status: 'DOWN' }, db: { status: 'UP' } } };

    expect(judge(body)).toEqual(['reports-unhealthy', 'dependency-down mail']);
    expect(judge(body, { ignoreDependencies: ['mail'] })).toEqual([]);
    expect(judge({ ...body, components: {} }, { ignoreDependencies: ['mail'] })).toEqual(['reports-unhealthy']);
  });

  test('an unknown word is about anything where the path is none of health', () => {
    expect(judge({ status: 'on sale' }, {}, { path: '/tickets/7' })).toEqual([]);
  });
});

describe('hostile answers', () => {
  test('of any depth are read to an end', () => {
    let body: unknown = { status: 'DOWN' };
    for (let depth = 0; depth < 50; depth += 1) body = { status: 'UP', components: { next: body } };

    expect(judge(body)).toEqual(['status-not-understood']);
    expect(judge('['.repeat(500_000))).toEqual([]);
    expect(judge('{"components":'.repeat(5_000) + '1' + '}'.repeat(5_000))).toEqual(['status-not-understood']);
  });

  test('with a thousand sick parts name the first and count the rest', () => {
    const components = Object.fromEntries(
      Array.from({ length: 400 }, (_, place) => [`part-${place}`, { status: 'DOWN' }]),
    );
    const found = judge({ status: 'UP', components });

    expect(found.length).toBe(21);
    expect(judge({ status: 'UP', components: { ...components, ...numbered(400) } })).toContain('status-not-understood');
  });

  test('with strange names do no harm', () => {
    const body = '{"status":"UP","__proto__":{"status":"DOWN"},"components":{"constructor":{"status":"DOWN"}}}';

    expect(judge(body)).toEqual(['dependency-down __proto__', 'dependency-down constructor']);
    expect(judge({ status: 'UP', components: { 'a\u001b[31m\nb': { status: 'DOWN' } } })).toEqual([
      'dependency-down a [31m b',
    ]);
  });
});

function numbered(count: number): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, place) => [`other-${place}`, { status: 'UP' }]));
}
