import { createHash } from 'node:crypto';

/** A number in a body that shows whether a byte of it is missing or another's. */
export function sealed(value: number, fillerBytes: number): string {
  const content = `${value} ${String(value % 10).repeat(fillerBytes)}`;
  return `${createHash('sha256').update(content).digest('hex')} ${content}`;
}

/** Throws where the body is not whole. */
export function unsealed(body: Uint8Array): number {
  const [seal, ...rest] = Buffer.from(body).toString().split(' ');
  const found = createHash('sha256').update(rest.join(' ')).digest('hex');
  if (found !== seal) throw new Error(`a body of ${body.length} bytes is not as it was written`);
  return Number(rest[0]);
}
