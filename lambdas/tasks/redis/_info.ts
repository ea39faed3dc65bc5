/** What INFO says, in its own names; a field that the server does not send is absent, never zero. */
export interface Info {
  readonly sections: ReadonlySet<string>;
  readonly fields: ReadonlyMap<string, string>;
  /** By the number of the database; those without keys are not listed. */
  readonly keyspace: readonly DatabaseKeys[];
}

export interface DatabaseKeys {
  readonly database: number;
  readonly keys: number;
  /** How many of them have an expiry. */
  readonly expires: number;
}

/** Reads the text of INFO. Lines that are none of its forms are passed over; who needs a field asks for it. */
export function parseInfo(text: string): Info {
  const sections = new Set<string>();
  const fields = new Map<string, string>();
  const keyspace: DatabaseKeys[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('# ')) sections.add(line.slice(2).trim().toLowerCase());
    const colon = line.indexOf(':');
    if (line.startsWith('#') || colon < 1) continue;
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    const database = /^db(\d+)$/.exec(name)?.[1];
    const counts = /^keys=(\d+),expires=(\d+)/.exec(value);
    if (database !== undefined && counts) {
      keyspace.push({ database: Number(database), keys: Number(counts[1]), expires: Number(counts[2]) });
    } else fields.set(name, value);
  }
  return { sections, fields, keyspace };
}

/** The number of a field; undefined where it is absent or no number. */
export function numberOf({ fields }: Info, name: string): number | undefined {
  const text = fields.get(name);
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** How often the server answered with an error of this name; undefined before version 6.2, which does not count them. */
export function errorsOf(info: Info, name: string): number | undefined {
  const count = /^count=(\d+)$/.exec(info.fields.get(`errorstat_${name}`) ?? '')?.[1];
  if (count !== undefined) return Number(count);
  // A section without the error says that there was none, which a server that does not count cannot say.
  return info.sections.has('errorstats') ? 0 : undefined;
}

export interface Totals {
  readonly keys: number;
  readonly withoutExpiry: number;
}

/** All databases together: exact, for the server counts them itself. */
export function totalsOf({ keyspace }: Info): Totals {
  let keys = 0;
  let withoutExpiry = 0;
  for (const database of keyspace) {
    keys += database.keys;
    withoutExpiry += database.keys - database.expires;
  }
  return { keys, withoutExpiry };
}

const NUMBERS = ['used_memory', 'maxmemory', 'evicted_keys', 'uptime_in_seconds', 'loading'];
const TEXTS = ['maxmemory_policy', 'role', 'rdb_last_bgsave_status'];
/** Dragonfly speaks the protocol and saves in its own way. */
const NOT_OF_DRAGONFLY = new Set(['rdb_last_bgsave_status', 'loading']);

/** What must be there to judge a server's memory and is not, or is no number. */
export function missingFields(info: Info): string[] {
  const exempt = info.fields.has('dragonfly_version') ? NOT_OF_DRAGONFLY : new Set<string>();
  const numbers = NUMBERS.filter((name) => numberOf(info, name) === undefined);
  const texts = TEXTS.filter((name) => !info.fields.get(name));
  const keyspace = info.sections.has('keyspace') || info.keyspace.length > 0 ? [] : ['the section Keyspace'];
  return [...numbers, ...texts].filter((name) => !exempt.has(name)).concat(keyspace);
}
