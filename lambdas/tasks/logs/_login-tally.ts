import { isIP } from 'node:net';
import type { AuthLine } from './_auth-line.ts';
import { networkOf } from './_login-address.ts';
import { familyOf, type Attempt, type LoginEvent } from './_login-event.ts';

/** The stretch of time that is looked at, half-open. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** An address that got in after it had failed so often without a success between. */
export interface Suspect {
  readonly address: string;
  readonly user: string;
  readonly method: string;
  readonly atMs: number;
  readonly failuresBefore: number;
}

export interface AddressTally {
  /** As networks are named: IPv6 by its /64. */
  readonly address: string;
  readonly failures: number;
}

/** All that the judgement needs to know of the attempts within the window. */
export interface LoginSummary {
  readonly failures: number;
  readonly addresses: number;
  readonly users: number;
  /** True where there were more addresses or users than are kept. */
  readonly isCapped: boolean;
  /** Accounts that exist, most attempted first. */
  readonly accounts: readonly string[];
  readonly busiest: readonly AddressTally[];
  /** The sixty seconds with most failures, and when they end. */
  readonly burst: { readonly failures: number; readonly atMs: number };
  readonly suspects: readonly Suspect[];
  readonly rootLogins: { readonly count: number; readonly addresses: readonly string[] };
}

interface Session {
  lastMs: number;
  /** Failures of which the program itself spoke, and those that are pardoned. */
  confirmed: number;
  /** Failures of which each second voice spoke. */
  readonly echoes: Map<string, number>;
  echo: Attempt;
}

interface State {
  readonly perSecond: Uint32Array;
  failures: number;
  isCapped: boolean;
  readonly addresses: Map<string, { failures: number; sinceSuccess: number }>;
  readonly users: Set<string>;
  readonly accounts: Map<string, number>;
  /** Those used lately and those used before. */
  readonly sessions: { young: Map<string, Session>; old: Map<string, Session> };
  readonly suspects: Suspect[];
  readonly rootLogins: { count: number; readonly addresses: Set<string> };
}

/** Every table is bounded: what is beyond is counted in the sums and said. */
export const MOST_ADDRESSES = 50_000;
const MOST_USERS = 50_000;
const MOST_ACCOUNTS = 1_000;
const MOST_SESSIONS = 10_000;
const MOST_SUSPECTS = 1_000;
const LONGEST_USER = 64;
// sshd allows two minutes for one login; what is further apart is another attempt.
const SAME_ATTEMPT_MS = 600_000;
const NOBODY: Attempt = { count: 0, user: '', isAccount: false };

/** Counts what happened within a window in bounded memory, each attempt once however many lines speak of it. */
export class LoginTally {
  readonly #window: TimeWindow;
  readonly #suspiciousAfter: number;
  #state: State;

  constructor(window: TimeWindow, { suspiciousAfter }: { readonly suspiciousAfter: number }) {
    this.#window = window;
    this.#suspiciousAfter = suspiciousAfter;
    this.#state = {
      perSecond: new Uint32Array(Math.max(1, Math.ceil((window.untilMs - window.fromMs) / 1_000))),
      failures: 0,
      isCapped: false,
      addresses: new Map(),
      users: new Set(),
      accounts: new Map(),
      sessions: { young: new Map(), old: new Map() },
      suspects: [],
      rootLogins: { count: 0, addresses: new Set() },
    };
  }

  /** What was counted so far, to come back to. */
  snapshot(): unknown {
    return structuredClone(this.#state);
  }

  restore(snapshot: unknown): void {
    this.#state = structuredClone(snapshot) as State;
  }

  /** Takes what a line of the window says. Lines come in the order in which they were written. */
  take(line: AuthLine, event: LoginEvent, atMs: number): void {
    const names = namesOf(line, event);
    if (event.kind === 'echo') return this.#hold(names[0] ?? '', event, atMs);
    const count = event.kind === 'failure' ? event.count : 1;
    for (const name of names) this.#session(name, atMs).confirmed += count;
    if (event.kind === 'failure') this.#count(event, atMs);
    if (event.kind !== 'success') return;
    // What was only heard from a second voice must count before it is asked how often this address failed.
    for (const name of names) this.#settle(name);
    this.#success(event, atMs);
  }

  summary(): LoginSummary {
    const { young, old } = this.#state.sessions;
    for (const name of [...old.keys(), ...young.keys()]) this.#settle(name);
    const { failures, addresses, users, isCapped, accounts, suspects, rootLogins, perSecond } = this.#state;
    const busiest = [...addresses].map(([address, tally]) => ({ address, failures: tally.failures }));
    const burst = busiestMinute(perSecond);
    return {
      failures,
      addresses: busiest.length,
      users: users.size,
      isCapped,
      accounts: [...accounts].sort(([, a], [, b]) => b - a).map(([user]) => user),
      busiest: busiest.sort((a, b) => b.failures - a.failures),
      burst: { failures: burst.failures, atMs: this.#window.fromMs + burst.second * 1_000 },
      suspects: [...suspects],
      rootLogins: { count: rootLogins.count, addresses: [...rootLogins.addresses] },
    };
  }

  #hold(name: string, { source, ...attempt }: LoginEvent & { readonly kind: 'echo' }, atMs: number): void {
    const session = this.#session(name, atMs);
    session.echoes.set(source, (session.echoes.get(source) ?? 0) + attempt.count);
    // pam_unix says which account it was, and the modules after it do not always.
    if (session.echo.user === '') session.echo = attempt;
  }

  #session(name: string, atMs: number): Session {
    const { sessions } = this.#state;
    const known = sessions.young.get(name) ?? sessions.old.get(name);
    if (known && Math.abs(atMs - known.lastMs) > SAME_ATTEMPT_MS) this.#settle(name);
    const isGoingOn = known !== undefined && (sessions.young.has(name) || sessions.old.has(name));
    const session = isGoingOn ? known : { lastMs: atMs, confirmed: 0, echoes: new Map<string, number>(), echo: NOBODY };
    session.lastMs = atMs;
    if (!sessions.young.has(name)) {
      sessions.old.delete(name);
      sessions.young.set(name, session);
    }
    // Those that were not used since the last time leave all at once.
    if (sessions.young.size > MOST_SESSIONS) {
      for (const old of [...sessions.old.keys()]) this.#settle(old);
      sessions.old = sessions.young;
      sessions.young = new Map();
    }
    return session;
  }

  /** Ends a session; failures that only second voices spoke of are counted now. */
  #settle(name: string): void {
    const { young, old } = this.#state.sessions;
    const session = young.get(name) ?? old.get(name);
    if (!session) return;
    young.delete(name);
    old.delete(name);
    const count = Math.max(0, ...session.echoes.values()) - session.confirmed;
    if (count > 0) this.#count({ ...session.echo, count }, session.lastMs);
  }

  #count({ count, user, isAccount, address }: Attempt, atMs: number): void {
    const state = this.#state;
    state.failures += count;
    const second = Math.floor((atMs - this.#window.fromMs) / 1_000);
    state.perSecond[second] = (state.perSecond[second] ?? 0) + count;
    const name = user.slice(0, LONGEST_USER);
    if (name !== '') this.#keep(state.users, MOST_USERS, name, () => state.users.add(name));
    if (isAccount || name === 'root') {
      this.#keep(state.accounts, MOST_ACCOUNTS, name, () =>
        state.accounts.set(name, (state.accounts.get(name) ?? 0) + count),
      );
    }
    if (address === undefined) return;
    const network = networkOf(address);
    this.#keep(state.addresses, MOST_ADDRESSES, network, () => {
      const tally = state.addresses.get(network) ?? { failures: 0, sinceSuccess: 0 };
      tally.failures += count;
      tally.sinceSuccess += count;
      state.addresses.set(network, tally);
    });
  }

  #success({ user, address, method }: LoginEvent & { readonly kind: 'success' }, atMs: number): void {
    const { addresses, suspects, rootLogins } = this.#state;
    const tally = addresses.get(networkOf(address));
    const failuresBefore = tally?.sinceSuccess ?? 0;
    if (tally) tally.sinceSuccess = 0;
    if (failuresBefore >= this.#suspiciousAfter && suspects.length < MOST_SUSPECTS) {
      suspects.push({ address: networkOf(address), user, method, atMs, failuresBefore });
    }
    if (user !== 'root') return;
    rootLogins.count += 1;
    if (rootLogins.addresses.size < MOST_ACCOUNTS) rootLogins.addresses.add(networkOf(address));
  }

  #keep(kept: { has(name: string): boolean; readonly size: number }, most: number, name: string, add: () => void) {
    if (kept.has(name) || kept.size < most) add();
    else this.#state.isCapped = true;
  }
}

/** The names under which a second voice may speak of the same attempt: its address, else its process, else its user. */
function namesOf({ host, program = '', pid }: AuthLine, event: LoginEvent): string[] {
  const service = `${host} ${familyOf(program)}`;
  const { address, user } = event;
  const ofProcess = pid === undefined ? `${service} ~${user?.slice(0, LONGEST_USER) ?? ''}` : `${service} #${pid}`;
  return address !== undefined && isIP(address) ? [`${service} @${networkOf(address)}`, ofProcess] : [ofProcess];
}

function busiestMinute(perSecond: Uint32Array): { failures: number; second: number } {
  let sum = 0;
  let most = { failures: 0, second: 0 };
  for (const [second, failures] of perSecond.entries()) {
    sum += failures - (second < 60 ? 0 : (perSecond[second - 60] ?? 0));
    if (sum > most.failures) most = { failures: sum, second };
  }
  return most;
}
