import type { FindingKind } from '../../../core/finding.ts';

/** What the memory of a Redis can be found to be. */
export const MEMORY_FINDINGS = {
  'memory-full': {
    severity: 'fail',
    means: 'The memory is almost at its limit, and nothing may be evicted to make room.',
    matters: 'At the limit every write is answered with OOM, so the application fails as if the server were down.',
    remedy:
      'Raise maxmemory if the host has room, or let the owner remove what is not needed; delete nothing by guess.',
    prevention: 'Give every key of a cache an expiry, and choose an allkeys policy where all keys may be lost.',
  },
  'memory-nearly-full': {
    severity: 'warn',
    means: 'The memory approaches its limit, and nothing may be evicted to make room.',
    matters: 'When it gets there, every write is answered with OOM.',
    remedy: 'Find what grows among the keys without an expiry, or raise maxmemory while there is time.',
    prevention: 'Give every key of a cache an expiry, and watch memory-used from run to run.',
  },
  'no-memory-limit': {
    severity: 'warn',
    means: 'There is no limit, maxmemory is 0: the server takes memory until the host has none.',
    matters: 'The kernel then kills the server, or another process, without a warning in its log.',
    remedy:
      'Set maxmemory to about three quarters of what the host or container can give, with CONFIG SET and in the file.',
    prevention: 'Put maxmemory and maxmemory-policy into the configuration that every new server starts with.',
  },
  'limit-above-host': {
    severity: 'warn',
    means: 'The limit maxmemory is more than all of the memory of the host.',
    matters: 'The limit never works: the kernel kills the server before it is reached.',
    remedy: 'Lower maxmemory to about three quarters of the memory of the host.',
    prevention: 'Derive maxmemory from the size of the host where the server is set up.',
  },
  'host-memory-short': {
    severity: 'fail',
    means: 'The server takes almost all of the memory of its host.',
    matters: 'The next snapshot or burst of writes needs more, and the kernel kills the server.',
    remedy: 'Move it to a larger host, or lower maxmemory so far that a fork has room.',
    prevention: 'Keep a quarter of the memory of the host free for snapshots, buffers and fragmentation.',
  },
  'nothing-to-evict': {
    severity: 'warn',
    means: 'The policy evicts only keys with an expiry, and almost no key has one.',
    matters: 'It works like noeviction: at the limit every write is answered with OOM.',
    remedy: 'Choose an allkeys policy if all keys may be lost, or give the keys of the cache an expiry.',
    prevention: 'Let the code that writes to the cache refuse a key without an expiry.',
  },
  'writes-refused': {
    severity: 'fail',
    means: 'The server refused writes: out of memory (OOM), or because it could not save (MISCONF).',
    matters: 'What the application wanted to write then is lost unless it tried again.',
    remedy: 'For OOM make room or raise maxmemory; for MISCONF read why the last save failed in the log of the server.',
    prevention: 'Keep memory-used below 80 % where nothing may be evicted, and the disk of the snapshots half empty.',
  },
  'much-evicted': {
    severity: 'warn',
    means: 'The server evicts a larger share of its keys each day than a cache of the right size would.',
    matters: 'What is evicted is computed or fetched again: answers get slower and the database gets the load.',
    remedy: 'Look at the hit ratio; if it falls too, give the cache more memory or shorter expiries.',
    prevention: 'Size the cache for its working set, and keep what must not be lost in a server of its own.',
  },
  fragmented: {
    severity: 'warn',
    means: 'The server holds much more memory of the host than its keys need.',
    matters: 'The host runs short although maxmemory is respected.',
    remedy:
      'Run MEMORY PURGE at a quiet time; switch activedefrag on if the build supports it, else restart a replica first.',
    prevention: 'Keep values of similar size in one server, and activedefrag on where values change size often.',
  },
  swapped: {
    severity: 'warn',
    means: 'Less than the used memory is in the memory of the host: part of it was swapped out.',
    matters: 'A command that touches a swapped page waits for the disk, and every client waits with it.',
    remedy: 'Look at the swap of the host, and lower maxmemory or move other processes away.',
    prevention: 'Give the server a host without swap, or one with vm.swappiness at 1.',
  },
  'client-buffers': {
    severity: 'warn',
    means: 'Buffers of clients take much of the memory.',
    matters: 'They count against maxmemory: keys are evicted or writes refused for answers that nobody reads.',
    remedy: 'Find the clients with a large omem or qbuf in CLIENT LIST, and why they do not read.',
    prevention: 'Set client-output-buffer-limit and maxmemory-clients, and fetch large collections in parts.',
  },
  'snapshot-failed': {
    severity: 'fail',
    means: 'The last snapshot (RDB) failed.',
    matters:
      'A restart loses all writes since the last good one, and by default the server refuses writes with MISCONF.',
    remedy: 'Read the reason in the log of the server (disk, rights, memory for the fork), mend it, and run BGSAVE.',
    prevention: 'Watch the disk of the snapshots, set vm.overcommit_memory to 1, and keep memory for the fork.',
  },
  'append-only-file-failed': {
    severity: 'fail',
    means: 'The last write or rewrite of the append-only file failed.',
    matters: 'While it cannot be written the server refuses writes, and a restart loses what is not in it.',
    remedy: 'Read the reason in the log of the server, make room on its disk, and run BGREWRITEAOF.',
    prevention: 'Alarm on the disk of the append-only file before it is full.',
  },
  'replica-detached': {
    severity: 'fail',
    means: 'It is a replica and has lost the link to its primary.',
    matters: 'It serves stale data or none, and cannot take over without losing writes.',
    remedy: 'Look whether its primary lives; if not, promote a replica on purpose, else mend network or password.',
    prevention: 'Let Sentinel, the cluster or the provider promote, and alarm on master_link_status.',
  },
  synchronising: {
    severity: 'unknown',
    means: 'It is a replica that receives the data of its primary, so its numbers mean nothing yet.',
    matters: 'If the transfer never ends, there is no replica when one is needed.',
    remedy:
      'Run the procedure again when the synchronisation is over; if it starts again and again, raise repl-backlog-size.',
    prevention: 'Size repl-backlog-size for the longest interruption of the network.',
  },
  loading: {
    severity: 'unknown',
    means: 'The server loads its data from disk and answers nothing else.',
    matters: 'It was restarted or crashed: until it is loaded, every client gets LOADING.',
    remedy: 'Wait until it is loaded, find out why it restarted, and run the procedure again.',
    prevention: 'Keep a replica that takes over, so that nobody waits for a server that loads.',
  },
  'not-a-data-server': {
    severity: 'unknown',
    means: 'The address leads to a Sentinel, which holds no keys.',
    matters: 'Nothing is known of the memory of the server that it watches.',
    remedy: 'Give the address of the data server, or the name that follows the primary, in the profile.',
    prevention: 'Keep Sentinels out of the targets of kind redis.',
  },
  'partial-answer': {
    severity: 'unknown',
    means: 'INFO came without fields that the judgement needs.',
    matters: 'Full memory or lost writes would not be seen through it.',
    remedy: 'Give the address of the server itself if a proxy answers, or a user who may see all of INFO.',
    prevention: 'Check a new server or proxy once with this task before it goes into service.',
  },
  'command-refused': {
    severity: 'unknown',
    means: 'The server refuses INFO, so nothing is known of its memory.',
    matters: 'Full memory or lost writes stay unseen.',
    remedy:
      'Grant the user the missing right with the command shown; if INFO was renamed, restore it for this user by ACL.',
    prevention: 'Keep a user for maintenance with exactly these rights, and rename no commands.',
  },
  'not-sampled': {
    severity: 'unknown',
    means: 'The keys could not be looked at, so neither prefixes nor large keys are known.',
    matters: 'A single large key, or a prefix that only grows, stays unseen.',
    remedy:
      'Grant the missing right with the command shown or choose a quieter time; sampleKeys 0 does without on purpose.',
    prevention: 'Keep a user for maintenance with the rights that this task names.',
  },
  'keys-only-grow': {
    severity: 'warn',
    means: 'Many keys have no expiry, and the policy never evicts them: only the application can remove them.',
    matters: 'If it does not, they grow until the memory is full, whatever the traffic.',
    remedy:
      'Ask the owner of the prefixes named; where keys are a cache, let the code set an expiry. Delete nothing by TTL.',
    prevention: 'Write caches with SET … EX only; for a server that is a store, set withoutExpiryAbove to 100 %.',
  },
  'keys-without-expiry': {
    severity: 'info',
    means: 'Some keys have no expiry. TTL -1 says that they are permanent, not that they are expired.',
    remedy: 'Nothing, unless the prefixes named belong to a cache.',
  },
  'big-key': {
    severity: 'warn',
    means: 'A single key takes so much memory that commands on all of it block the server.',
    matters: 'Reading, deleting or migrating it stops every other client, and its expiry does so at a time of its own.',
    remedy: 'Find it with the command shown, let its owner split it, and remove it with UNLINK rather than DEL.',
    prevention: 'Bound collections where they are written (LTRIM, ZREMRANGEBYRANK) and store large values elsewhere.',
  },
  'is-replica': {
    severity: 'info',
    means: 'It is a replica with a sound link: expiry, eviction and refusals happen at its primary.',
    remedy: 'Nothing; check the primary too.',
  },
  'one-node': {
    severity: 'info',
    means: 'It is one node of a cluster, and only this node was looked at.',
    remedy: 'Name each node as a target of its own to have all of them judged.',
  },
  'counters-restarted': {
    severity: 'info',
    means: 'The server restarted, or its counters were reset, since the last run: they count from then.',
    remedy: 'If nobody restarted it on purpose, look for the reason in its log.',
  },
} as const satisfies Record<string, FindingKind>;

export type Kind = keyof typeof MEMORY_FINDINGS;
