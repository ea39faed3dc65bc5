import { isIP } from 'node:net';
import type { RE2JS } from 're2js';
import type { AuthLine } from './_auth-line.ts';

/** What a line says of somebody's attempt to log in. */
export type LoginEvent =
  | (Attempt & { readonly kind: 'failure' })
  /** A second voice of an attempt of which the program itself speaks as well, unless its log level is low. */
  | (Attempt & { readonly kind: 'echo'; readonly source: string })
  | { readonly kind: 'success'; readonly user: string; readonly address: string; readonly method: string }
  /** A later module let in whom an earlier one did not know: that one's failure was none. */
  | { readonly kind: 'pardon'; readonly address?: string; readonly user?: string };

export interface Attempt {
  readonly count: number;
  /** Empty where the line does not say. */
  readonly user: string;
  /** False where the name may be anything that somebody typed, a password by mistake included. */
  readonly isAccount: boolean;
  readonly address?: string;
}

type Reader = (text: string) => LoginEvent | undefined;

// The name of a user is written by whoever knocks and may itself look like such a line: all of these hold the message from
// its first letter to its last, and the name is all up to the last "from".
const SSHD_FAILED =
  /^Failed (?:password|keyboard-interactive(?:\/\S+)?) for (invalid user |illegal user )?(.*) from (\S+) port \d{1,5}(?: ssh\d)?(?: \[preauth\])?$/s;
// OpenSSH cuts what it says at 1,024 bytes.
const SSHD_CUTS = 1_000;
const SSHD_CHALLENGE =
  /^error: PAM: [A-Z][A-Za-z' ]{3,80}? for (invalid user |illegal user )?(.*) from (\S+?)(?: via \S+)?$/s;
// What follows a success is the key, whose name a certificate's owner may choose; the account is a real one.
const SSHD_ACCEPTED = /^Accepted (\S{1,40}) for (.{1,256}?) from (\S+) port \d{1,5}(?: ssh\d)?(?:$|[:\s])/;
const SUDO_FAILED = /^(\S{1,256}) : (\d{1,3}) incorrect password attempts? ; /;
const SU_FAILED = /^FAILED (?:SU \(to (.{1,256}?)\) \S+ on \S+|su for (.{1,256}?) by \S+)$/;
const LOGIN_FAILED =
  /^FAILED LOGIN (?:\(\d+\) on '[^']*'(?: from '([^']*)')? FOR '(.*)'|\d+ (?:FROM|ON) (\S+) FOR (.*)), [A-Z]/;
const PAM_FAILED =
  /^pam_(\w{1,32})\(([^():]{1,64}):auth\): authentication failure; logname=(?:\S*) uid=\d+ euid=\d+ tty=\S* ruser=(?:\S*) rhost=(\S*)(?: +user=(.*))?$/;
const PAM_MORE =
  /^(?:pam_(\w{1,32})\(([^():]{1,64}):auth\):|PAM) (\d{1,3}) more authentication failures?; logname=.* rhost=(\S*)(?: +user=(.*))?$/;
const PAM_SUCCESS =
  /^pam_(?!unix)\w{1,32}\(([^():]{1,64}):auth\): authentication success; logname=.* rhost=(\S*)(?: +user=(.*))?$/;
const REPEATED = /^message repeated (\d{1,6}) times?: \[ ?(.*?) ?\]$/s;

// A failed public key is no guess: a client offers every key that it has, one after the other.
const READERS: ReadonlyMap<string, readonly Reader[]> = new Map([
  ['sshd', [sshdFailed, sshdChallenge, sshdAccepted]],
  ['sudo', [sudoFailed]],
  ['su', [suFailed]],
  ['login', [loginFailed]],
]);

/** What a line of a login program says; undefined where it says nothing of an attempt, or only quotes one. */
export function loginEvent({ program = '', text }: Pick<AuthLine, 'program' | 'text'>): LoginEvent | undefined {
  const family = familyOf(program);
  const [, times, repeated] = REPEATED.exec(text) ?? [];
  // No syslog repeats what repeats: a line that says so was made by somebody.
  return repeated === undefined ? eventOf(family, text) : multiplied(eventOf(family, repeated), Number(times));
}

function eventOf(family: string, text: string): LoginEvent | undefined {
  const readers = READERS.get(family) ?? [];
  const said = text.trimStart();
  for (const reader of readers) {
    const event = reader(said);
    if (event) return event;
  }
  return said.startsWith('pam_') || (family === 'sshd' && said.startsWith('PAM ')) ? pamEvent(said, family) : undefined;
}

const RESPECTED =
  /^(?:cron|crond|systemd-logind|polkitd|gdm\S*|lightdm|useradd|userdel|usermod|passwd|chpasswd|groupadd)$/i;

/** True for a line such as only a log of logins has: its presence shows that attempts would be seen. */
export function isOfLogins({ program = '', text }: Pick<AuthLine, 'program' | 'text'>): boolean {
  return READERS.has(familyOf(program)) || RESPECTED.test(program) || /^pam_\w+\(/.test(text);
}

// Longer lines are searched in their beginning only, so that none costs noticeable time.
const LONGEST_SEARCHED = 8_192;

/** What a line says by a pattern of its platform; it must match from where the message begins. */
export function patternEvent(pattern: RE2JS, line: AuthLine): LoginEvent | undefined {
  for (const text of new Set([line.text, line.afterTime])) {
    const matcher = pattern.matcher(text.slice(0, LONGEST_SEARCHED));
    if (!matcher.lookingAt()) continue;
    const groups = pattern.namedGroups();
    const user = 'user' in groups ? matcher.group('user') : null;
    const address = 'address' in groups ? matcher.group('address') : null;
    return failure(user ?? '', false, address ?? undefined);
  }
  return undefined;
}

/** Multiplies an event by the number of times that a log says it was repeated. */
export function multiplied(event: LoginEvent | undefined, times: number): LoginEvent | undefined {
  return event && 'count' in event ? { ...event, count: event.count * times } : event;
}

/** One name for the programs of one service: OpenSSH is of several since 9.8. */
export function familyOf(program: string): string {
  return /^sshd(?:-session|-auth)?$/.test(program) ? 'sshd' : program;
}

function sshdFailed(text: string): LoginEvent | undefined {
  const [whole, invalid, user = '', address] = SSHD_FAILED.exec(text) ?? [];
  if (whole !== undefined) return failure(user, invalid === undefined, address);
  // A name that is too long takes the place of the address, and the attempt is one all the same.
  return text.length >= SSHD_CUTS && text.startsWith('Failed password for invalid user ')
    ? failure('', false)
    : undefined;
}

function sshdChallenge(text: string): LoginEvent | undefined {
  const [whole, invalid, user = '', address] = SSHD_CHALLENGE.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return { ...failure(user, invalid === undefined, address), kind: 'echo', source: 'challenge' };
}

function sshdAccepted(text: string): LoginEvent | undefined {
  const [, method, user = '', address = ''] = SSHD_ACCEPTED.exec(text) ?? [];
  return method === undefined ? undefined : { kind: 'success', user, address, method };
}

function sudoFailed(text: string): LoginEvent | undefined {
  const [, user, count] = SUDO_FAILED.exec(text) ?? [];
  return user === undefined ? undefined : { kind: 'failure', count: Number(count), user, isAccount: true };
}

function suFailed(text: string): LoginEvent | undefined {
  const [whole, long, short] = SU_FAILED.exec(text) ?? [];
  return whole === undefined ? undefined : failure(long ?? short ?? '', false);
}

function loginFailed(text: string): LoginEvent | undefined {
  const [whole, remote, quoted, place, plain] = LOGIN_FAILED.exec(text) ?? [];
  return whole === undefined ? undefined : failure(quoted ?? plain ?? '', false, remote ?? place);
}

function pamEvent(text: string, family: string): LoginEvent | undefined {
  const failed = PAM_FAILED.exec(text);
  if (failed)
    return echo({ source: failed[1], service: failed[2], count: 1, rhost: failed[3], user: failed[4] }, family);
  const more = PAM_MORE.exec(text);
  if (more) {
    const [, source, service, count, rhost, user] = more;
    return echo({ source, service, count: Number(count), rhost, user }, family);
  }
  const [, service, rhost, user] = PAM_SUCCESS.exec(text) ?? [];
  // Of whom sshd lets in, its own line tells.
  if (service === undefined || family === 'sshd' || !speaksFor(family, service)) return undefined;
  return { kind: 'pardon', ...(rhost && isIP(rhost) && { address: rhost }), ...(user && { user }) };
}

interface PamFields {
  readonly source: string | undefined;
  readonly service: string | undefined;
  readonly count: number;
  readonly rhost: string | undefined;
  readonly user: string | undefined;
}

function echo(
  { source = 'unix', service, count, rhost, user = '' }: PamFields,
  family: string,
): LoginEvent | undefined {
  if (service !== undefined && !speaksFor(family, service)) return undefined;
  // pam_unix names none but accounts; the others repeat what was typed.
  return { ...failure(user, user !== '' && source === 'unix', rhost), kind: 'echo', source, count };
}

/** True where a program may speak for a service of PAM: what others write is a text like any other. */
function speaksFor(program: string, service: string): boolean {
  const stem = (name: string) => name.toLowerCase().split(/[-_.]/)[0] ?? '';
  const [speaker, spokenFor] = [stem(program), stem(service)];
  if (speaker === 'auth' && spokenFor === 'dovecot') return true;
  return speaker.length > 1 && spokenFor.length > 1 && (speaker.startsWith(spokenFor) || spokenFor.startsWith(speaker));
}

function failure(user: string, isAccount: boolean, place?: string): Attempt & { readonly kind: 'failure' } {
  // Of a local login the place is a terminal.
  const address = place === undefined || place === '' || /^(?:\/dev\/|tty|pts\/)/.test(place) ? {} : { address: place };
  return { kind: 'failure', count: 1, user, isAccount, ...address };
}
