import * as z from 'zod';
import { epochMs, type TimestampReader } from './_timestamp.ts';

/** A line of a log as its envelope says it: when, where, who, what. */
export interface AuthLine {
  /** Undefined where the line has no time that can be read. */
  readonly atMs?: number;
  readonly isYearless: boolean;
  readonly host: string;
  /** The program without its path; undefined where the line names none. */
  readonly program?: string;
  readonly pid?: string;
  /** What the program said. */
  readonly text: string;
  /** All that follows the time; the same as `text` where no program is named. */
  readonly afterTime: string;
}

// `gdm-password]` is how gdm names itself.
const SPEAKER = /^([^\s:[\]]{1,64})\]?(?:\[(\d{1,10})\])?: */;
const HOST = /^\s*(\S{1,255}) +/;
const PRIORITY = /^<\d{1,3}>(1 )?/;
/** Host, program, process and message name of RFC 5424, then its structured data. */
const RFC_5424 = /^ (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])+) ?/;

/** Reads one line in any of the forms of syslog, of journald in JSON, or of JSON of another writer. */
export function parseAuthLine(line: string, timestamps: TimestampReader): AuthLine {
  // A crash of the machine leaves zeros where the line that was being written should be.
  const clean = line.replace(/^\0+/, '').replace(/\r$/, '');
  return jsonLine(clean, timestamps) ?? syslogLine(clean, timestamps);
}

function syslogLine(line: string, timestamps: TimestampReader): AuthLine {
  const [priority = '', version] = PRIORITY.exec(line) ?? [];
  const body = line.slice(priority.length);
  const stamp = timestamps.read(body);
  if (!stamp) return { isYearless: false, host: '', text: line, afterTime: line };
  const rest = body.slice(stamp.end);
  const time = { atMs: stamp.atMs, isYearless: stamp.isYearless, afterTime: rest.trimStart() };
  if (version !== undefined) {
    const [header = '', host = '', program = '', pid = ''] = RFC_5424.exec(rest) ?? [];
    return { ...time, host, ...speaker(program, pid), text: rest.slice(header.length).replace(/^\uFEFF/, '') };
  }
  const [place = '', host = ''] = HOST.exec(rest) ?? [];
  const spoken = rest.slice(place.length);
  const [header = '', program, pid] = SPEAKER.exec(spoken) ?? [];
  if (program === undefined) return { ...time, host: '', text: time.afterTime };
  return { ...time, host, ...speaker(program, pid), text: spoken.slice(header.length) };
}

const Text = z.string();
/** journald writes a message that is no text as its bytes. */
const Bytes = z.array(z.int().min(0).max(255)).transform((bytes) => Buffer.from(bytes).toString());
const Fields = z.record(z.string(), z.unknown());

const TIMES = ['__REALTIME_TIMESTAMP', 'timestamp', '@timestamp', 'time', 'ts', 'date'];
const MESSAGES = ['MESSAGE', 'message', 'msg', 'log'];
// The kernel says what a process is called; what it calls itself can be anything: `logger -t sshd`.
const PROGRAMS = ['_COMM', 'SYSLOG_IDENTIFIER', 'programname', 'program', 'appname', 'app-name', 'ident'];
const PIDS = ['SYSLOG_PID', '_PID', 'procid', 'pid'];
const HOSTS = ['_HOSTNAME', 'hostname', 'host'];

function jsonLine(line: string, timestamps: TimestampReader): AuthLine | undefined {
  const fields = parseFields(line);
  if (!fields) return undefined;
  const atMs = timeOf(first(fields, TIMES), timestamps);
  const message = first(fields, MESSAGES);
  const text = Text.safeParse(message).data ?? Bytes.safeParse(message).data ?? line;
  return {
    ...(atMs !== undefined && { atMs }),
    isYearless: false,
    host: textOf(first(fields, HOSTS)),
    ...speaker(textOf(first(fields, PROGRAMS)), textOf(first(fields, PIDS))),
    text: text.replace(/\r?\n$/, ''),
    afterTime: line,
  };
}

function parseFields(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return Fields.safeParse(JSON.parse(line)).data;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

function timeOf(value: unknown, timestamps: TimestampReader): number | undefined {
  if (typeof value === 'number') return epochMs(value);
  if (typeof value !== 'string') return undefined;
  return /^\d{9,20}(?:\.\d+)?$/.test(value) ? epochMs(Number(value)) : timestamps.read(value)?.atMs;
}

function first(fields: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  const name = names.find((one) => Object.hasOwn(fields, one) && fields[one] !== null && fields[one] !== '');
  return name === undefined ? undefined : fields[name];
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function speaker(program: string, pid: string | undefined): Pick<AuthLine, 'program' | 'pid'> {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return { ...(name !== '' && name !== '-' && { program: name }), ...(pid && pid !== '-' && { pid }) };
}
