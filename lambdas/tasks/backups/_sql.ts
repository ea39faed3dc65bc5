import type { ByteReader } from './_byte-reader.ts';
import type { Contents, Created } from './_contents.ts';
import { giveBack } from './_decompress.ts';
import { Flaw } from './_flaw.ts';

const HEAD_BYTES = 64 * 1024;
const TAIL_BYTES = 4 * 1024;
// The longest statement of COPY, with 1,600 columns of the longest names, is far below it.
const LONGEST_LINE_BYTES = 1024 * 1024;
const NEWLINE = 10;
// The newline before it is looked at afterwards: the search is for its first byte, and backslashes are rarer.
const ROWS_END = Buffer.from('\\.\n');
/** Of a piece, what is copied to be joined to what is left of the one before it. */
const JOINED_BYTES = 16 * 1024;
const STATEMENT =
  /\n(?:(CREATE (?:UNLOGGED |FOREIGN )?TABLE )|(CREATE (?:UNIQUE )?INDEX )|( {4}(?:ADD )?CONSTRAINT )|(INSERT INTO [^\n]*))/g;

/** True for text that begins as pg_dump's and pg_dumpall's scripts do. */
export function isDumpScript(head: Buffer): boolean {
  return /^--\s+-- PostgreSQL database (cluster )?dump\s/m.test(head.toString('latin1', 0, 1024));
}

/** Reads a script of pg_dump or pg_dumpall to its end, which must be the one that they write. */
export async function readScript(reader: ByteReader): Promise<Contents> {
  const head = (await reader.peek(HEAD_BYTES)).toString('latin1');
  const scan = new ScriptScan();
  let tail: Buffer = Buffer.alloc(0);
  for await (const piece of reader.rest()) {
    scan.push(piece);
    tail = Buffer.concat([tail, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    giveBack(piece);
  }
  scan.end();
  requireClosing(head, tail.toString('latin1'));
  const { tables, indexes, constraints, dataBytes } = scan;
  const created = startedOn(head);
  return {
    format: 'pg_dump script',
    created,
    objects: undefined,
    tables,
    indexes,
    constraints,
    dataBytes,
    checksummed: 'nothing',
  };
}

function requireClosing(head: string, tail: string): void {
  const closing = /\n-- PostgreSQL database (cluster )?dump complete\n--\n\n(?:\\unrestrict (\S+)\n\n)?\n*$/.exec(tail);
  const isCluster = /^--\s+-- PostgreSQL database cluster/.test(head);
  if (!closing || (closing[1] !== undefined) !== isCluster) {
    throw new Flaw(
      'cut-short',
      `it does not end with pg_dump's closing line, "-- PostgreSQL database ${isCluster ? 'cluster ' : ''}dump complete"`,
    );
  }
  // Since 15.14, 16.10 and 17.6 what opens with \restrict closes with \unrestrict and the same key.
  const opened = /^\\restrict (\S+)$/m.exec(head)?.[1];
  if (!isCluster && opened !== closing[2])
    throw new Flaw('cut-short', 'it opens with \\restrict and does not end with its \\unrestrict');
}

/** When the script says it was begun; only `pg_dump --verbose` writes it. */
function startedOn(head: string): Created | undefined {
  const match = /^-- Started on (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (\S+)/m.exec(head);
  if (!match) return undefined;
  const at = new Date(`${match[1]}T${match[2]}Z`);
  return Number.isNaN(at.getTime()) ? undefined : { at, inUtc: match[3] === 'UTC' || match[3] === 'GMT' };
}

/** Follows a script through its rows, which are most of it, by searching for their ends and never line by line. */
class ScriptScan {
  tables = 0;
  indexes = 0;
  constraints = 0;
  dataBytes = 0;
  #rowsOf: string | undefined;
  // A newline before the first line, so that every line begins after one.
  #carry: Buffer = Buffer.from('\n');

  push(piece: Buffer): void {
    const joinedBytes = this.#carry.length > 0 ? Math.min(JOINED_BYTES, piece.length) : 0;
    if (joinedBytes > 0) this.#scan(Buffer.concat([this.#carry, piece.subarray(0, joinedBytes)]));
    const left = this.#carry.length;
    // What is left lies within the piece, unless a line is longer than what was joined.
    if (left <= joinedBytes) this.#scan(piece.subarray(joinedBytes - left));
    else if (joinedBytes < piece.length) this.#scan(Buffer.concat([this.#carry, piece.subarray(joinedBytes)]));
  }

  #scan(text: Buffer): void {
    let at = 0;
    while (at < text.length) {
      const next = this.#rowsOf === undefined ? this.#statements(text, at) : this.#rows(text, at);
      if (next.wantsMore) {
        this.#carry = Buffer.from(text.subarray(next.at));
        return;
      }
      at = next.at;
    }
    this.#carry = Buffer.alloc(0);
  }

  end(): void {
    if (this.#rowsOf !== undefined) throw new Flaw('cut-short', `it ends within the rows of ${this.#rowsOf}`);
    this.#count(this.#carry.toString('latin1'));
  }

  /** `at` is the newline before a row, or a place within one. */
  #rows(text: Buffer, at: number) {
    const end = rowsEnd(text, at);
    const until = end === -1 ? Math.max(at, text.length - ROWS_END.length) : end;
    this.dataBytes += until - at;
    if (end === -1) return { at: until, wantsMore: true };
    this.#rowsOf = undefined;
    return { at: end + ROWS_END.length, wantsMore: false };
  }

  #statements(text: Buffer, at: number) {
    const copy = text.indexOf('\nCOPY ', at, 'latin1');
    if (copy === -1) {
      const last = text.lastIndexOf(NEWLINE);
      // A line without end is of no interest beyond its beginning, and must not be kept.
      const keep = last < at || text.length - last > LONGEST_LINE_BYTES ? text.length - 6 : last;
      const until = Math.max(at, keep);
      this.#count(text.toString('latin1', at, until));
      return { at: until, wantsMore: true };
    }
    this.#count(text.toString('latin1', at, copy));
    const lineEnd = text.indexOf(NEWLINE, copy + 1);
    if (lineEnd === -1) {
      if (text.length - copy < LONGEST_LINE_BYTES) return { at: copy, wantsMore: true };
      return { at: copy + 1, wantsMore: false };
    }
    const line = text.toString('utf8', copy + 1, lineEnd);
    if (line.endsWith(' FROM stdin;')) this.#rowsOf = /^COPY (\S+)/.exec(line)?.[1] ?? line;
    return { at: lineEnd, wantsMore: false };
  }

  #count(text: string): void {
    for (const [statement, table, index, constraint, insert] of text.matchAll(STATEMENT)) {
      if (table) this.tables += 1;
      if (index) this.indexes += 1;
      if (constraint) this.constraints += 1;
      if (insert) this.dataBytes += statement.length;
    }
  }
}

/** Where the newline before COPY's closing line stands; a row may end in the same bytes, but never begins with them. */
function rowsEnd(text: Buffer, from: number): number {
  for (let end = text.indexOf(ROWS_END, from + 1); end !== -1; end = text.indexOf(ROWS_END, end + 1))
    if (text[end - 1] === NEWLINE) return end - 1;
  return -1;
}
