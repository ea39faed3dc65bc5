import type { Finding } from '../../../core/finding.ts';
import type { Info } from './_info.ts';
import type { Kind } from './_memory-findings.ts';

/** A server that cannot save refuses writes sooner or later, whatever its memory has room for. */
export function judgePersistence(target: string, { fields }: Info): Finding<Kind>[] {
  const findings: Finding<Kind>[] = [];
  const snapshot = fields.get('rdb_last_bgsave_status');
  if (snapshot !== undefined && snapshot !== 'ok') {
    const summary = `the last snapshot ended with ${snapshot}, ok is expected; by default writes are refused until one succeeds`;
    findings.push({ kind: 'snapshot-failed', target, summary, command: 'BGSAVE' });
  }
  // Without the file its status is of long ago.
  if (fields.get('aof_enabled') !== '1') return findings;
  const write = fields.get('aof_last_write_status') ?? 'ok';
  const rewrite = fields.get('aof_last_bgrewrite_status') ?? 'ok';
  if (write !== 'ok' || rewrite !== 'ok') {
    const summary = `the append-only file: last write ${write}, last rewrite ${rewrite}, ok is expected of both`;
    findings.push({ kind: 'append-only-file-failed', target, summary, command: 'BGREWRITEAOF' });
  }
  return findings;
}
