import { describe, expect, test } from '@jest/globals';
import { judgeExpiry } from '../../../../lambdas/tasks/redis/_expiry.ts';
import { missingFields, parseInfo } from '../../../../lambdas/tasks/redis/_info.ts';
import { judgePersistence } from '../../../../lambdas/tasks/redis/_persistence.ts';
import { judgeState } from '../../../../lambdas/tasks/redis/_server-state.ts';
import { changeSince, type Counters, judgeChange } from '../../../../lambdas/tasks/redis/_since-last-run.ts';
import { judgeMemory, task } from '../../../../lambdas/tasks/redis/check-memory.ts';

const MIB = 1_048_576;
const limits = task.input.parse({}) as unknown as Parameters<typeof judgeMemory>[2] &
  Parameters<typeof judgeChange>[3] &
  Parameters<typeof judgeExpiry>[3];
interface Row extends Record<string, unknown> {
  readonly what: string;
  readonly changes: Readonly<Record<string, string | number | undefined>>;
  readonly before?: Counters;
  readonly kinds: readonly string[];
}

const now = new Date('2026-03-10T02:00:00Z');

const HEALTHY = {
  ...{ redis_mode: 'standalone', redis_version: '7.0.15', run_id: 'a1', uptime_in_seconds: 864_000 },
  ...{ used_memory: 500 * MIB, used_memory_rss: 550 * MIB, maxmemory: 1_000 * MIB, maxmemory_policy: 'allkeys-lru' },
  ...{ total_system_memory: 4_000 * MIB, mem_not_counted_for_evict: 0, mem_clients_normal: 2 * MIB },
  ...{ loading: 0, rdb_last_bgsave_status: 'ok', aof_enabled: 0, evicted_keys: 0, role: 'master' },
  db0: 'keys=10000,expires=9000,avg_ttl=100',
};

function info(changes: Readonly<Record<string, string | number | undefined>> = {}) {
  const lines = Object.entries({ ...HEALTHY, ...changes }).filter(([, value]) => value !== undefined);
  return parseInfo(['# Errorstats', '# Keyspace', ...lines.map(([name, value]) => `${name}:${value}`)].join('\r\n'));
}

const kindsOf = (findings: readonly { readonly kind: string }[]) => findings.map(({ kind }) => kind);

test('a healthy server is accused of nothing, and nothing that the judgement needs is missing', () => {
  const healthy = info();

  expect(missingFields(healthy)).toEqual([]);
  expect(judgeState('cache', healthy)).toEqual({ findings: [], isJudgeable: true });
  expect(judgeMemory('cache', healthy, limits)).toEqual([]);
  expect(judgePersistence('cache', healthy)).toEqual([]);
  expect(judgeChange('cache', healthy, changeSince(healthy, now, undefined), limits)).toEqual([]);
});

const noneExpires = 'keys=10000,expires=10,avg_ttl=0';
const someExpire = 'keys=10000,expires=500,avg_ttl=0';

test.each<Row>`
  what                                            | changes                                                                                                                         | kinds
  ${'full, and any key may go'}                   | ${{ used_memory: 1_000 * MIB, used_memory_rss: 1_050 * MIB }}                                                                   | ${[]}
  ${'at 80 %, and none may go'}                   | ${{ maxmemory_policy: 'noeviction', used_memory: 800 * MIB, used_memory_rss: 800 * MIB }}                                       | ${[]}
  ${'above 80 %, and none may go'}                | ${{ maxmemory_policy: 'noeviction', used_memory: 810 * MIB, used_memory_rss: 810 * MIB }}                                       | ${['memory-nearly-full']}
  ${'at 90 %, and none may go'}                   | ${{ maxmemory_policy: 'noeviction', used_memory: 900 * MIB, used_memory_rss: 900 * MIB }}                                       | ${['memory-nearly-full']}
  ${'above 90 %, and none may go'}                | ${{ maxmemory_policy: 'noeviction', used_memory: 910 * MIB, used_memory_rss: 910 * MIB }}                                       | ${['memory-full']}
  ${'above 90 % by buffers that are not counted'} | ${{ maxmemory_policy: 'noeviction', used_memory: 910 * MIB, used_memory_rss: 910 * MIB, mem_not_counted_for_evict: 200 * MIB }} | ${[]}
  ${'volatile with many keys to evict'}           | ${{ maxmemory_policy: 'volatile-lru', used_memory: 950 * MIB, used_memory_rss: 950 * MIB }}                                     | ${[]}
  ${'volatile at the least share'}                | ${{ maxmemory_policy: 'volatile-ttl', db0: someExpire }}                                                                        | ${[]}
  ${'volatile with nothing to evict'}             | ${{ maxmemory_policy: 'volatile-lru', db0: noneExpires }}                                                                       | ${['nothing-to-evict']}
  ${'volatile, full, with nothing to evict'}      | ${{ maxmemory_policy: 'volatile-lru', db0: noneExpires, used_memory: 950 * MIB, used_memory_rss: 950 * MIB }}                   | ${['memory-full', 'nothing-to-evict']}
  ${'volatile and empty'}                         | ${{ maxmemory_policy: 'volatile-lru', db0: undefined }}                                                                         | ${[]}
  ${'no limit'}                                   | ${{ maxmemory: 0 }}                                                                                                             | ${['no-memory-limit']}
  ${'a limit above the host'}                     | ${{ maxmemory: 5_000 * MIB }}                                                                                                   | ${['limit-above-host']}
  ${'no word of the host'}                        | ${{ maxmemory: 5_000 * MIB, total_system_memory: undefined }}                                                                   | ${[]}
  ${'most of the host taken'}                     | ${{ used_memory_rss: 550 * MIB, total_system_memory: 600 * MIB, maxmemory: 590 * MIB }}                                         | ${['host-memory-short']}
  ${'fragmented'}                                 | ${{ used_memory_rss: 800 * MIB }}                                                                                               | ${['fragmented']}
  ${'a small server, which is all overhead'}      | ${{ used_memory: 2 * MIB, used_memory_rss: 12 * MIB, mem_clients_normal: 1 }}                                                   | ${[]}
  ${'swapped'}                                    | ${{ used_memory_rss: 300 * MIB }}                                                                                               | ${['swapped']}
  ${'no word of what is resident'}                | ${{ used_memory_rss: undefined }}                                                                                               | ${[]}
  ${'clients that do not read'}                   | ${{ mem_clients_normal: 60 * MIB }}                                                                                             | ${['client-buffers']}
`('memory: $what gives $kinds', ({ changes, kinds }) => {
  expect(kindsOf(judgeMemory('cache', info(changes), limits))).toEqual(kinds);
});

test.each<Row>`
  what                                 | changes                                                                                                    | kinds
  ${'a Sentinel'}                      | ${{ redis_mode: 'sentinel' }}                                                                              | ${['not-a-data-server']}
  ${'loading'}                         | ${{ loading: 1, loading_loaded_perc: '40.1', loading_eta_seconds: 9 }}                                     | ${['loading']}
  ${'a replica at work'}               | ${{ role: 'slave', master_link_status: 'up' }}                                                             | ${['is-replica']}
  ${'a replica without its primary'}   | ${{ role: 'slave', master_link_status: 'down', master_link_down_since_seconds: 77 }}                       | ${['replica-detached']}
  ${'a replica that says nothing'}     | ${{ role: 'slave' }}                                                                                       | ${['replica-detached']}
  ${'a replica that has just started'} | ${{ role: 'slave', master_link_status: 'down', uptime_in_seconds: 5, master_link_down_since_seconds: -1 }} | ${['synchronising']}
  ${'a replica that synchronises'}     | ${{ role: 'slave', master_link_status: 'down', master_sync_in_progress: 1 }}                               | ${['synchronising']}
  ${'a node of a cluster'}             | ${{ cluster_enabled: 1 }}                                                                                  | ${['one-node']}
  ${'no word of eviction'}             | ${{ evicted_keys: undefined }}                                                                             | ${['partial-answer']}
  ${'a limit that is no number'}       | ${{ maxmemory: 'NaN' }}                                                                                    | ${['partial-answer']}
  ${'no word of snapshots'}            | ${{ rdb_last_bgsave_status: undefined }}                                                                   | ${['partial-answer']}
  ${'no snapshots of Dragonfly'}       | ${{ rdb_last_bgsave_status: undefined, loading: undefined, dragonfly_version: 'df-1.30' }}                 | ${[]}
`('state: $what gives $kinds', ({ changes, kinds }) => {
  expect(kindsOf(judgeState('cache', info(changes)).findings)).toEqual(kinds);
});

test('the keys of a proxy that leaves the section out are missing, those of an empty server are none', () => {
  const without = parseInfo('# Memory\r\nused_memory:1\r\n');

  expect(missingFields(without)).toContain('the section Keyspace');
  expect(missingFields(info({ db0: undefined }))).toEqual([]);
});

test.each<Row>`
  changes                                                 | kinds
  ${{ rdb_last_bgsave_status: 'err' }}                    | ${['snapshot-failed']}
  ${{ aof_enabled: 1, aof_last_write_status: 'err' }}     | ${['append-only-file-failed']}
  ${{ aof_enabled: 1, aof_last_bgrewrite_status: 'err' }} | ${['append-only-file-failed']}
  ${{ aof_enabled: 1, aof_last_write_status: 'ok' }}      | ${[]}
  ${{ aof_enabled: 0, aof_last_bgrewrite_status: 'err' }} | ${[]}
`('persistence: $changes gives $kinds', ({ changes, kinds }) => {
  expect(kindsOf(judgePersistence('cache', info(changes)))).toEqual(kinds);
});

describe('since the last run', () => {
  const previous = { at: '2026-03-09T02:00:00.000Z', runId: 'a1', evictedKeys: 5_000, refusedWrites: 3 };

  test.each<Row>`
    what                                         | changes                                                                            | before       | kinds
    ${'as many as before'}                       | ${{ evicted_keys: 5_000, errorstat_OOM: 'count=3' }}                               | ${previous}  | ${[]}
    ${'a few more'}                              | ${{ evicted_keys: 5_500, errorstat_OOM: 'count=3' }}                               | ${previous}  | ${[]}
    ${'many more'}                               | ${{ evicted_keys: 9_000, errorstat_OOM: 'count=3' }}                               | ${previous}  | ${['much-evicted']}
    ${'writes refused'}                          | ${{ evicted_keys: 5_000, errorstat_OOM: 'count=4' }}                               | ${previous}  | ${['writes-refused']}
    ${'writes refused for lack of a snapshot'}   | ${{ evicted_keys: 5_000, errorstat_OOM: 'count=3', errorstat_MISCONF: 'count=1' }} | ${previous}  | ${['writes-refused']}
    ${'another process'}                         | ${{ run_id: 'b2', uptime_in_seconds: 60, evicted_keys: 4_000 }}                    | ${previous}  | ${['counters-restarted', 'much-evicted']}
    ${'counters set to zero'}                    | ${{ evicted_keys: 10, errorstat_OOM: 'count=1' }}                                  | ${previous}  | ${['counters-restarted', 'writes-refused']}
    ${'no run before, and it is not known when'} | ${{ evicted_keys: 5_000, errorstat_OOM: 'count=3' }}                               | ${undefined} | ${[]}
    ${'no run before, and it began today'}       | ${{ uptime_in_seconds: 600, evicted_keys: 5_000, errorstat_OOM: 'count=3' }}       | ${undefined} | ${['writes-refused', 'much-evicted']}
  `('$what gives $kinds', ({ changes, before, kinds }) => {
    const current = info(changes);

    const findings = judgeChange('cache', current, changeSince(current, now, before), limits);

    expect(kindsOf(findings)).toEqual(kinds);
  });
});

test.each<Row>`
  what                                  | changes                                                 | kinds
  ${'every key expires'}                | ${{ db0: 'keys=5000,expires=5000,avg_ttl=1' }}          | ${[]}
  ${'most have no expiry, any may go'}  | ${{ db0: noneExpires }}                                 | ${['keys-without-expiry']}
  ${'most have no expiry, none may go'} | ${{ db0: noneExpires, maxmemory_policy: 'noeviction' }} | ${['keys-only-grow']}
  ${'most have no expiry and no limit'} | ${{ db0: noneExpires, maxmemory: 0 }}                   | ${['keys-only-grow']}
  ${'half of them, none may go'}        | ${{ db0: 'keys=4000,expires=2000', maxmemory: 0 }}      | ${['keys-without-expiry']}
  ${'a handful of keys, none may go'}   | ${{ db0: 'keys=9,expires=0,avg_ttl=0', maxmemory: 0 }}  | ${['keys-without-expiry']}
`('expiry: $what gives $kinds', ({ changes, kinds }) => {
  expect(kindsOf(judgeExpiry('cache', info(changes), undefined, limits))).toEqual(kinds);
});
