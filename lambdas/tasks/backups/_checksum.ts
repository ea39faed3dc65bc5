import type { Checksum } from './_catalogue.ts';
import { Flaw } from './_flaw.ts';
import type { BackupSource } from './_source.ts';

export interface Digest {
  readonly algorithm: string;
  readonly hex: string;
}

const MOST_BYTES = 1024 * 1024;
const BY_LENGTH: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };

/**
 * The digest that the file beside a backup promises for it.
 *
 * Undefined where a list of several files does not have it; throws `Flaw` where a file of its own has none.
 */
export async function promisedDigest(
  source: BackupSource,
  backup: string,
  checksum: Checksum,
): Promise<Digest | undefined> {
  const { file, algorithm } = checksum;
  if (file.sizeBytes > MOST_BYTES) throw unreadable(file.path, `it has ${file.sizeBytes} bytes`);
  const pieces: Buffer[] = [];
  for await (const piece of source.open(file)) pieces.push(piece);
  const hex = findDigest(Buffer.concat(pieces).toString('utf8'), baseOf(backup), algorithm !== undefined);
  if (hex === undefined) {
    if (algorithm === undefined) return undefined;
    throw unreadable(file.path, 'it has no digest of this file');
  }
  const found = BY_LENGTH[hex.length];
  if (found === undefined || (algorithm !== undefined && found !== algorithm)) {
    throw unreadable(file.path, `a digest of ${hex.length} digits is not ${algorithm ?? 'one that is known'}`);
  }
  return { algorithm: found, hex: hex.toLowerCase() };
}

/** Only the last part of a path counts: a list may have been written elsewhere, and must not lead us there. */
function findDigest(text: string, name: string, ofOneFile: boolean): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  for (const line of lines) {
    const [, hex, path] = /^\\?([0-9a-f]{32,128}) [ *](.+)$/i.exec(line) ?? [];
    if (path !== undefined && baseOf(path.trim()) === name) return hex;
    const [, bsdPath, bsdHex] = /^\w+ \((.+)\) = ([0-9a-f]{32,128})$/i.exec(line) ?? [];
    if (bsdPath !== undefined && baseOf(bsdPath) === name) return bsdHex;
  }
  const alone = /^[0-9a-f]{32,128}$/i.exec(lines[0]?.trim() ?? '')?.[0];
  if (ofOneFile && lines.length === 1 && alone !== undefined) return alone;
  const [, written] = /"backup_file"\s*:\s*"([^"]+)"/.exec(text) ?? [];
  const [, json] = /"(?:checksum|sha256)"\s*:\s*"(?:sha256:)?([0-9a-f]{32,128})"/i.exec(text) ?? [];
  return written !== undefined && baseOf(written) === name ? json : undefined;
}

function unreadable(path: string, why: string): Flaw {
  return new Flaw('cannot-be-opened', `its checksum file ${JSON.stringify(path)} says nothing: ${why}`);
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
