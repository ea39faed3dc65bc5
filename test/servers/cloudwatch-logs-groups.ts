/** A refusal of the service: its name for it, which the SDK makes the name of the error. */
export class LogsRefusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface LogEvent {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly message: string;
}

export interface LogGroup {
  readonly logGroupName: string;
  readonly creationTime: number;
  readonly storedBytes: number;
  readonly logGroupClass: 'STANDARD' | 'INFREQUENT_ACCESS' | 'DELIVERY';
  readonly retentionInDays?: number;
  /** Stream name to its events. */
  readonly streams: Readonly<Record<string, readonly LogEvent[]>>;
}

/** A group as the service would hold it, where a test says only what matters to it. */
export function logGroup(logGroupName: string, parts: Partial<LogGroup> = {}): LogGroup {
  return { logGroupName, creationTime: 0, storedBytes: 0, logGroupClass: 'STANDARD', streams: {}, ...parts };
}

const ACCOUNT = '111122223333';

export function arnOf({ logGroupName }: Pick<LogGroup, 'logGroupName'>): string {
  return `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:${logGroupName}`;
}

const SYNTAX = /^[{[]|%/;

/**
 * Whether a message matches a filter pattern of terms: all of them, or one of several with `?`, and none with `-`.
 *
 * The case counts. A term in quotes may hold anything, a plain one only letters, digits and underscores.
 */
export function matches(message: string, pattern: string): boolean {
  // What this server cannot judge must not look like no match.
  if (SYNTAX.test(pattern)) throw new LogsRefusal('InvalidParameterException', `not served here: ${pattern}`, 501);
  const terms = [...pattern.matchAll(/([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(([, sign, quoted, plain]) => ({
    sign,
    isPlain: quoted === undefined,
    text: quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
  }));
  const misspelt = terms.find(({ isPlain, text }) => isPlain && /\W/.test(text));
  if (misspelt) throw new LogsRefusal('InvalidParameterException', `Invalid character(s) in term '${misspelt.text}'`);
  const has = ({ text }: { readonly text: string }) => message.includes(text);
  const optional = terms.filter(({ sign }) => sign === '?');
  const needed = terms.filter(({ sign }) => sign === '');
  if (terms.some((term) => term.sign === '-' && has(term))) return false;
  // Beside a term that is needed, those with `?` decide nothing.
  return needed.length > 0 || optional.length === 0 ? needed.every(has) : optional.some(has);
}
